import type { JWK } from 'jose';
import { foreignLogin } from '../domain/login.js';
import type { Refusal } from '../domain/refusal.js';
import type { Account } from '../domain/trust.js';
import { verifySignature, type OpenedEnvelope } from './envelope.js';
import { quoted } from './files/quoted.js';
import { isSignedWith, nonceOver } from './id-token.js';
import { keysNamed, type ProvingKey } from './issuer-keys.js';

/** By what a person was known when they signed: a key of their own, or an account at an identity provider. */
export interface Known {
  readonly key: { readonly kid: string; readonly publicKey: JWK } | undefined;
  readonly account: Account | null;
}

/**
 * Whether this person signed the envelope, with nothing but what is kept: their key made the signature, or one of the
 * issuer's kept keys signed a login of their account for exactly this act and the key that signed it.
 */
export async function isProven(
  envelope: OpenedEnvelope,
  { key, account }: Known,
  issuerKeys: readonly ProvingKey[],
): Promise<boolean> {
  const { login, kid, jws } = envelope;
  if (login) return account !== null && (await wrongLogin(envelope, account, issuerKeys)) === undefined;
  return key?.kid === kid && (await verifySignature(jws, key.publicKey));
}

/** Why an act is not signed by a login of this account, with nothing but what is kept, or undefined. */
export async function wrongLogin(
  envelope: OpenedEnvelope,
  { issuer, subject }: Account,
  issuerKeys: readonly ProvingKey[],
): Promise<string | undefined> {
  const { login, payload } = envelope;
  const { kid, claims } = login?.idToken ?? {};
  if (!login || claims?.['iss'] !== issuer || claims['sub'] !== subject) return `it is by no login of ${subject} at ${issuer}`;
  const nonce = nonceOver(login.jws);
  let wrong = `key ${kid} of ${issuer} is not among those that are kept`;
  for (const { audience: clientId, jwk } of keysNamed(issuerKeys, login.idToken)) {
    const foreign = foreignLogin(claims, { issuer, clientId, nonce, person: String(payload['person']) });
    if (!foreign && (await isSignedWith(login.idToken, jwk)))
      return (await isSignedInLogin(envelope)) ? undefined : 'it is not signed with the key of its login';
    wrong = foreign ? inWords(foreign) : `its ID token is not signed with key ${kid} of ${issuer}`;
  }
  return wrong;
}

/** What a login is refused for, as part of a sentence. */
export function inWords({ what, given, allowed }: Refusal): string {
  return `${what} is ${quoted(given)}, not ${allowed}`;
}

/** Whether the key of a login signed the act that comes with it. */
export async function isSignedInLogin({ login }: OpenedEnvelope): Promise<boolean> {
  return login !== undefined && (await verifySignature(login.jws, { kty: 'OKP', crv: 'Ed25519', x: login.x }));
}
