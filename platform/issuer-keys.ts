import type { JWK } from 'jose';
import type { Claims } from '../domain/login.js';

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

/** What of a kept key it takes to verify a token. */
export type ProvingKey = Omit<IssuerKey, 'thumbprint'>;

/** Those of the keys that may have signed a token, by what it says of itself. */
export function keysNamed<K extends ProvingKey>(keys: readonly K[], { kid, claims }: { kid: string; claims: Claims }): K[] {
  return keys.filter((key) => key.kid === kid && key.issuer === claims['iss']);
}
