import type { ActPayload } from '../domain/acts.js';
import { openEnvelope } from './envelope.js';
import type { IssuerKey } from './issuer-keys.js';
import { allPeople, keyAt, keysOf, type Person, type PersonKey } from './people.js';
import type { Db } from './pool.js';
import { isProven } from './proof.js';
import { allIssuerKeys } from './read/issuer-keys.js';

/** People who signed something, with every key they ever had. */
export interface Signers {
  readonly people: ReadonlyMap<string, Person>;
  readonly keys: ReadonlyMap<string, readonly PersonKey[]>;
  /** The keys of the identity providers that some of them have accounts at. */
  readonly issuerKeys: readonly IssuerKey[];
}

/** An envelope on the record, by whom it says to be, and when it was received. */
export interface SignedRow {
  readonly envelope: string;
  readonly jws: string;
  readonly person: string;
  readonly received_at: string;
}

/** These people as the record has them now. */
export async function signersOf(db: Db, emails: readonly string[]): Promise<Signers> {
  const people = new Map((await allPeople(db)).map((person) => [person.email, person]));
  const haveAccounts = emails.some((email) => people.get(email)?.account);
  return { people, keys: await keysOf(db, [...new Set(emails)]), issuerKeys: haveAccounts ? await allIssuerKeys(db) : [] };
}

/** What somebody signed, who that is now, and whether what they signed then still counts. */
export interface Signed {
  readonly payload: ActPayload;
  readonly person: Person;
  readonly isTrusted: boolean;
}

/** What somebody signed; undefined where the envelope is not theirs by the key or account that was theirs when it was received. */
export async function signedBy(
  { people, keys, issuerKeys }: Signers,
  { envelope: hash, jws, person: email, received_at: at }: SignedRow,
): Promise<Signed | undefined> {
  const person = people.get(email);
  const opened = openEnvelope(jws);
  if (!person || !opened.ok || opened.envelope.hash !== hash) return undefined;
  const { payload } = opened.envelope;
  const known = { key: keyAt(keys.get(email) ?? [], at), account: person.account };
  const isTheirs = payload['person'] === email && (await isProven(opened.envelope, known, issuerKeys));
  return isTheirs ? { payload, person, isTrusted: !person.revoked && at >= person.standsSince } : undefined;
}
