import type { JWK } from 'jose';
import { foreignLogin } from '../domain/login.js';
import { verifySignature, type OpenedEnvelope } from './envelope.js';
import { isSignedWith, nonceOver } from './id-token.js';
import { keysNamed, type IssuerKey } from './issuer-keys.js';

/** By what a person was known when they signed: a key of their own, or an account at an identity provider. */
export interface Known {
  readonly key: { readonly kid: string; readonly publicKey: JWK } | undefined;
  readonly account: { readonly issuer: string; readonly subject: string } | null;
}

/**
 * Whether this person signed the envelope, with nothing but what is kept: their key made the signature, or one of the
 * issuer's kept keys signed a login of their account for exactly this act and the key that signed it.
 */
export async function isProven(
  envelope: OpenedEnvelope,
  { key, account }: Known,
  issuerKeys: readonly IssuerKey[],
): Promise<boolean> {
  const { login, kid, jws } = envelope;
  if (login) return account !== null && (await isLoginOf(envelope, account, issuerKeys)) && (await isSignedInLogin(envelope));
  return key?.kid === kid && (await verifySignature(jws, key.publicKey));
}

async function isLoginOf(
  { login, payload }: OpenedEnvelope,
  { issuer, subject }: NonNullable<Known['account']>,
  keys: readonly IssuerKey[],
): Promise<boolean> {
  const { claims } = login?.idToken ?? {};
  if (!login || claims?.['iss'] !== issuer || claims['sub'] !== subject) return false;
  const nonce = nonceOver(login.jws);
  for (const { audience: clientId, jwk } of keysNamed(keys, login.idToken)) {
    if (foreignLogin(claims, { issuer, clientId, nonce, person: String(payload['person']) })) continue;
    if (await isSignedWith(login.idToken, jwk)) return true;
  }
  return false;
}

/** Whether the key of a login signed the act that comes with it. */
export async function isSignedInLogin({ login }: OpenedEnvelope): Promise<boolean> {
  return login !== undefined && (await verifySignature(login.jws, { kty: 'OKP', crv: 'Ed25519', x: login.x }));
}
