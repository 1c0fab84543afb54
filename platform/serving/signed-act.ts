import type { ActType } from '../../domain/acts.js';
import type { SignedBy } from '../../domain/loadable.js';
import { staleWhenMade } from '../../domain/login.js';
import { trustedAccount, trustedKey, type Trust, type TrustedPerson } from '../../domain/trust.js';
import { openEnvelope, verifySignature, type OpenedEnvelope, type SignedLogin } from '../envelope.js';
import { quoted } from '../files/quoted.js';
import { inWords, wrongLogin } from '../proof.js';

/** What a signed act came to: who signed what, or why it counts for nothing. */
export type Verified = { readonly ok: true; readonly act: SignedBy } | { readonly ok: false; readonly problem: string };

/** Until when a person's signature counts: never after they were revoked, up to then by the signed time, or whenever. */
export type RevokedKeys = 'refused' | 'until-revoked' | 'known';

/** Whose signature it is, and until when what they signed so counts, ISO; null while it is their own. */
interface Signer {
  readonly person: TrustedPerson;
  readonly until: string | null;
}

/**
 * Verifies one signed act by itself: its form, whose key or login made the signature, and that it was signed for this installation
 * and environment under that person's own name. When it was received is nothing that a signature can prove.
 */
export async function verifyAct(jws: string, act: ActType, trust: Trust, revoked: RevokedKeys): Promise<Verified> {
  const opened = openEnvelope(jws);
  if (!opened.ok) return { ok: false, problem: opened.refusal.what };
  const { payload, kid, hash, login } = opened.envelope;
  if (opened.envelope.act !== act) return { ok: false, problem: `it is a signed ${opened.envelope.act}` };
  const signer = await (login ? byLogin({ ...opened.envelope, login }, trust) : byKey(opened.envelope, trust));
  if (typeof signer === 'string') return { ok: false, problem: signer };
  const { person, until } = signer;
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
  if (isLate && revoked !== 'known')
    return { ok: false, problem: `the ${login ? 'account' : 'key'} of ${person.email} was revoked` };
  return { ok: true, act: { hash, payload, person } };
}

async function byKey({ jws, kid }: OpenedEnvelope, trust: Trust): Promise<Signer | string> {
  const known = trustedKey(trust, kid);
  if (!known) return `key ${kid} is nobody's who is trusted`;
  const { person, publicKey, until } = known;
  return (await verifySignature(jws, { ...publicKey })) ? { person, until } : `it is not signed by ${person.email}`;
}

async function byLogin(envelope: OpenedEnvelope & { readonly login: SignedLogin }, trust: Trust): Promise<Signer | string> {
  const { claims } = envelope.login.idToken;
  const [issuer, subject] = [claims['iss'], claims['sub']];
  const issuers = (trust.issuers ?? []).filter((each) => each.issuer === issuer);
  if (typeof issuer !== 'string' || issuers.length === 0) return `identity provider ${quoted(issuer)} is none that is trusted`;
  const person = typeof subject === 'string' ? trustedAccount(trust, { issuer, subject }) : undefined;
  if (!person?.account) return `account ${quoted(subject)} at ${issuer} is nobody's who is trusted`;
  const keys = issuers.flatMap(({ audience, keys: kept }) => kept.map((key) => ({ ...key, issuer, audience })));
  const wrong = await wrongLogin(envelope, person.account, keys);
  if (wrong !== undefined) return `the login of ${person.email}: ${wrong}`;
  const { issued, expires } = envelope.payload;
  // Outside production the times of acts are of a clock that can be moved.
  const times = trust.environment === 'production' ? { issued: String(issued), expires: String(expires) } : undefined;
  const stale = staleWhenMade(claims, times);
  return stale ? `the login of ${person.email}: ${inWords(stale)}` : { person, until: null };
}
