import type { JWK } from 'jose';
import type { Db } from './pool.js';

/** A person as the record knows them; `revoked` people sign nothing. */
export interface Person {
  readonly email: string;
  readonly printedName: string;
  readonly groups: readonly string[];
  readonly kid: string;
  readonly publicKey: JWK;
  readonly assurance: 'demo' | 'enrolled';
  readonly revoked: boolean;
}

interface PersonRow {
  email: string;
  printed_name: string;
  groups: string[];
  kid: string;
  public_key: string;
  assurance: 'demo' | 'enrolled';
  revoked_at: string | null;
}

/** The person whose key has this thumbprint, or undefined. */
export async function personByKey(db: Db, kid: string): Promise<Person | undefined> {
  const { rows } = await db.query<PersonRow>('SELECT * FROM person WHERE kid = $1', [kid]);
  return rows[0] && toPerson(rows[0]);
}

/** Everybody enrolled, by e-mail. */
export async function allPeople(db: Db): Promise<Person[]> {
  const { rows } = await db.query<PersonRow>('SELECT * FROM person ORDER BY email');
  return rows.map(toPerson);
}

function toPerson(row: PersonRow): Person {
  return {
    email: row.email,
    printedName: row.printed_name,
    groups: row.groups,
    kid: row.kid,
    publicKey: JSON.parse(row.public_key) as JWK,
    assurance: row.assurance,
    revoked: row.revoked_at !== null,
  };
}
