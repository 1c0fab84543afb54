import type { JWK } from 'jose';
import type { Claims } from '../domain/login.js';
import type { Db } from './pool.js';

/** A key that an identity provider's tokens were verified with, kept because the provider will not keep it. */
export interface IssuerKey {
  readonly issuer: string;
  /** The client the provider knew this installation as. */
  readonly audience: string;
  readonly kid: string;
  readonly jwk: JWK;
  /** RFC 7638, as the key is named on the trail. */
  readonly thumbprint: string;
}

/** Every issuer's key on the record. */
export async function allIssuerKeys(db: Db): Promise<IssuerKey[]> {
  const { rows } = await db.query<Omit<IssuerKey, 'jwk'> & { jwk: string }>(
    'SELECT issuer, audience, kid, jwk, thumbprint FROM identity_key ORDER BY first_seen, thumbprint',
  );
  return rows.map((row) => ({ ...row, jwk: JSON.parse(row.jwk) as JWK }));
}

/** Those of the keys that may have signed a token, by what it says of itself. */
export function keysNamed(keys: readonly IssuerKey[], { kid, claims }: { kid: string; claims: Claims }): IssuerKey[] {
  return keys.filter((key) => key.kid === kid && key.issuer === claims['iss']);
}
