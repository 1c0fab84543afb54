import type { JWK } from 'jose';
import type { IssuerKey } from '../issuer-keys.js';
import type { Db } from '../pool.js';

/** Every issuer's key on the record. */
export async function allIssuerKeys(db: Db): Promise<IssuerKey[]> {
  const { rows } = await db.query<Omit<IssuerKey, 'jwk'> & { jwk: string }>(
    'SELECT issuer, audience, kid, jwk, thumbprint FROM identity_key ORDER BY first_seen, thumbprint',
  );
  return rows.map((row) => ({ ...row, jwk: JSON.parse(row.jwk) as JWK }));
}
