import type { ActType } from '../../domain/acts.js';
import type { SignedBy } from '../../domain/loadable.js';
import { trustedKey, type Trust } from '../../domain/trust.js';
import { openEnvelope, verifySignature } from '../envelope.js';

/** What a signed act came to: who signed what, or why it counts for nothing. */
export type Verified = { readonly ok: true; readonly act: SignedBy } | { readonly ok: false; readonly problem: string };

/** Until when a person's signature counts: never after the key was revoked, up to then by the signed time, or whenever. */
export type RevokedKeys = 'refused' | 'until-revoked' | 'known';

/**
 * Verifies one signed act by itself: its form, whose key made the signature, and that it was signed for this installation and
 * environment under that person's own name. When it was received is nothing that a signature can prove.
 */
export async function verifyAct(jws: string, act: ActType, trust: Trust, revoked: RevokedKeys): Promise<Verified> {
  const opened = openEnvelope(jws);
  if (!opened.ok) return { ok: false, problem: opened.refusal.what };
  const { payload, kid, hash } = opened.envelope;
  if (opened.envelope.act !== act) return { ok: false, problem: `it is a signed ${opened.envelope.act}` };
  const known = trustedKey(trust, kid);
  if (!known) return { ok: false, problem: `key ${kid} is nobody's who is trusted` };
  const { person, publicKey, until } = known;
  if (!(await verifySignature(jws, { ...publicKey }))) return { ok: false, problem: `it is not signed by ${person.email}` };
  const { installation, environment } = trust;
  const here: Readonly<Record<string, string>> = { installation, environment, person: person.email, printed_name: person.name };
  const wrong = Object.keys(here).find((field) => payload[field] !== here[field]);
  if (wrong !== undefined)
    return { ok: false, problem: `${wrong} is signed as ${String(payload[wrong])}, not ${here[wrong] ?? ''}` };
  if (person.assurance === 'demo' && environment === 'production')
    return { ok: false, problem: `${person.email} has a demo key, which counts for nothing in production` };
  if (until !== null && String(payload['issued']) >= until)
    return { ok: false, problem: `key ${kid} was ${person.email}'s until ${until} only` };
  const isLate = person.revokedAt !== null && (revoked === 'refused' || String(payload['issued']) > person.revokedAt);
  if (isLate && revoked !== 'known') return { ok: false, problem: `the key of ${person.email} was revoked` };
  return { ok: true, act: { hash, payload, person } };
}
