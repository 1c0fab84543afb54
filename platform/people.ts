import type { JWK } from 'jose';
import type { Account } from '../domain/trust.js';
import type { Db } from './pool.js';

/** How sure the record is of who somebody is: made by `gatehouse up`, enrolled by administrators, or known to an identity provider. */
export type Assurance = 'demo' | 'enrolled' | 'oidc';

/** A person as the record knows them; `revoked` people sign nothing. */
export interface Person {
  readonly email: string;
  readonly printedName: string;
  readonly groups: readonly string[];
  /** Null for whoever has no key of their own. */
  readonly kid: string | null;
  readonly publicKey: JWK | null;
  /** The account of an identity provider; null for whoever has none. */
  readonly account: Account | null;
  readonly assurance: Assurance;
  readonly enrolledBy: string;
  /** ISO, as all times here. */
  readonly enrolledAt: string;
  /** What they decided before this stands no longer. */
  readonly standsSince: string;
  readonly revokedAt: string | null;
  readonly revoked: boolean;
}

/** A person who has a key. */
export type KeyHolder = Person & { readonly kid: string; readonly publicKey: JWK };

/** A key that is or was somebody's; it was theirs until the next one. */
export interface PersonKey {
  readonly kid: string;
  readonly publicKey: JWK;
  readonly since: string;
}

interface PersonRow {
  email: string;
  printed_name: string;
  groups: string[];
  kid: string | null;
  public_key: string | null;
  issuer: string | null;
  subject: string | null;
  assurance: Assurance;
  enrolled_by: string;
  enrolled_at: string;
  stands_since: string;
  revoked_at: string | null;
}

/** The person whose key has this thumbprint now, or undefined. */
export async function personByKey(db: Db, kid: string): Promise<KeyHolder | undefined> {
  const { rows } = await db.query<PersonRow>('SELECT * FROM person WHERE kid = $1', [kid]);
  const person = rows[0] && toPerson(rows[0]);
  return person && hasKey(person) ? person : undefined;
}

/** The person whose account of an identity provider this is, or undefined. */
export async function personByAccount(db: Db, { issuer, subject }: Account): Promise<Person | undefined> {
  const { rows } = await db.query<PersonRow>('SELECT * FROM person WHERE issuer = $1 AND subject = $2', [issuer, subject]);
  return rows[0] && toPerson(rows[0]);
}

/** Everybody on the record, by e-mail. */
export async function allPeople(db: Db): Promise<Person[]> {
  const { rows } = await db.query<PersonRow>('SELECT * FROM person ORDER BY email');
  return rows.map(toPerson);
}

/** Every key these people ever had, the oldest first, by e-mail. */
export async function keysOf(db: Db, emails: readonly string[]): Promise<Map<string, PersonKey[]>> {
  const { rows } = await db.query<{ person: string; kid: string; public_key: string; since: string }>(
    'SELECT person, kid, public_key, since FROM person_key WHERE person = ANY ($1) ORDER BY person, since',
    [emails],
  );
  const keys = new Map<string, PersonKey[]>(emails.map((email) => [email, []]));
  for (const { person, kid, public_key: key, since } of rows)
    keys.get(person)?.push({ kid, publicKey: JSON.parse(key) as JWK, since });
  return keys;
}

/** The key that was a person's own at a moment, of all they ever had. */
export function keyAt(keys: readonly PersonKey[], at: string): PersonKey | undefined {
  // ISO texts of one form sort as times do.
  return keys.findLast(({ since }) => since <= at);
}

/** The groups with a member whose signature counts here: not revoked, and no demo key where the environment is production. */
export async function livingGroups(db: Db): Promise<string[]> {
  const { rows } = await db.query<{ name: string }>(
    `SELECT DISTINCT unnest(p.groups) AS name FROM person p CROSS JOIN installation i
      WHERE p.revoked_at IS NULL AND NOT (p.assurance = 'demo' AND i.environment = 'production') ORDER BY name`,
  );
  return rows.map(({ name }) => name);
}

function hasKey(person: Person): person is KeyHolder {
  return person.kid !== null && person.publicKey !== null;
}

function toPerson(row: PersonRow): Person {
  const { issuer, subject } = row;
  return {
    email: row.email,
    printedName: row.printed_name,
    groups: row.groups,
    kid: row.kid,
    publicKey: row.public_key === null ? null : (JSON.parse(row.public_key) as JWK),
    account: issuer === null || subject === null ? null : { issuer, subject },
    assurance: row.assurance,
    enrolledBy: row.enrolled_by,
    enrolledAt: row.enrolled_at,
    standsSince: row.stands_since,
    revokedAt: row.revoked_at,
    revoked: row.revoked_at !== null,
  };
}
