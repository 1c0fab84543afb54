import type { Refusal } from '../../domain/refusal.js';
import type { OpenedEnvelope } from '../../platform/envelope.js';
import type { Person } from '../../platform/people.js';
import type { Tx } from '../../platform/pool.js';
import { notEntitled } from './entitled.js';

/** The same where the key once was somebody's, and who it was. */
export async function formerSigner(tx: Tx, envelope: OpenedEnvelope): Promise<Refusal> {
  const { rows } = await tx.query<{ person: string; until: string }>(
    `SELECT k.person, (SELECT min(n.since) FROM person_key n WHERE n.person = k.person AND n.since > k.since) AS until
       FROM person_key k WHERE k.kid = $1`,
    [envelope.kid],
  );
  const [was] = rows;
  if (!was) return unknownSigner(envelope);
  const given = `${envelope.kid}, until ${was.until} the key of ${was.person}`;
  return { kind: 'identity', what: 'key', given, allowed: 'the key that they have now', next: 'sign it again with that' };
}

/** Why an envelope counts for nothing: no enrolled person's key made its signature. */
export function unknownSigner({ kid }: OpenedEnvelope): Refusal {
  return {
    kind: 'identity',
    what: 'signature',
    given: `key ${kid}`,
    allowed: "an enrolled person's Ed25519 key and its signature over these bytes",
    next: 'sign with an enrolled key',
  };
}

/** Why a correctly signed act does not count here and now, whatever it asks: place, person, key, time or right. */
export async function notCredible(tx: Tx, envelope: OpenedEnvelope, person: Person, at: string): Promise<Refusal | undefined> {
  const { payload } = envelope;
  const { rows } = await tx.query<{ id: string; environment: string }>('SELECT id, environment FROM installation');
  const here = rows[0];
  const bound = {
    installation: here?.id,
    environment: here?.environment,
    person: person.email,
    printed_name: person.printedName,
  };
  for (const [field, expected] of Object.entries(bound)) {
    if (payload[field] !== expected)
      return {
        kind: 'identity',
        what: field,
        given: String(payload[field]),
        allowed: String(expected),
        next: 'sign it again for this installation, as yourself',
      };
  }
  if (person.revoked && person.account)
    return {
      kind: 'identity',
      what: 'account',
      given: `${person.email} was revoked`,
      next: 'ask two administrators to enrol you',
    };
  if (person.revoked)
    return { kind: 'identity', what: 'key', given: `the key of ${person.email} was revoked`, next: 'enrol a new key' };
  if (person.assurance === 'demo' && here?.environment === 'production') {
    return {
      kind: 'identity',
      what: 'assurance',
      given: 'a demo key',
      allowed: 'an enrolled key where the environment is production',
    };
  }
  // Stopping is the safe direction: a hold is taken when it is received, whatever the clock said that signed it.
  if (envelope.act !== 'hold' && String(payload['issued']) > at)
    return {
      kind: 'identity',
      what: 'issued',
      given: String(payload['issued']),
      allowed: `not after the database's time ${at}`,
      next: 'sign it again',
    };
  if (String(payload['expires']) < at)
    return {
      kind: 'identity',
      what: 'expires',
      given: String(payload['expires']),
      allowed: `not before the database's time ${at}`,
      next: 'sign it again',
    };
  return await notEntitled(tx, envelope, person);
}
