import { randomBytes } from 'node:crypto';
import type { ActPayload } from '../../domain/acts.js';
import { foreignLogin, loginOf, type LoginFor } from '../../domain/login.js';
import { signEnvelope } from '../../platform/envelope.js';
import { nonceOver, readIdToken } from '../../platform/id-token.js';
import type { IdentityProviderConfig } from '../../platform/identity-provider.js';
import { generateKey } from '../../platform/keys.js';
import { Refused } from '../output.js';
import { signIn } from './sign-in.js';

const print = (text: string): void => void process.stderr.write(text);

/**
 * Signs an act by a login: a key is made for this one signature, and the provider's ID token says over the hash of the
 * signed bytes whose it is. The key is forgotten. Throws what {@link signIn} throws.
 */
export async function signByLogin(payload: ActPayload, provider: IdentityProviderConfig): Promise<string> {
  const key = await generateKey();
  const jws = await signEnvelope(payload, key);
  const token = await proven(provider, nonceOver(jws), String(payload['person']));
  return `${jws}~${token}~${key.publicJwk.x}`;
}

/** The printed name of somebody the record does not know yet, by a login of its own. */
export async function nameByLogin(email: string, provider: IdentityProviderConfig): Promise<string> {
  const nonce = randomBytes(32).toString('base64url');
  print(`${email} is not on the record yet; the first login says who that is, the second one signs\n`);
  const token = readIdToken(await proven(provider, nonce, email));
  const login = 'claims' in token ? loginOf(token.claims, provider.groupsClaim) : token;
  if ('subject' in login) return login.name;
  throw new Refused({ kind: 'identity', ...login });
}

/** An ID token of a login by this person; what no worker would take is refused here, before anything is sent. */
async function proven(provider: IdentityProviderConfig, nonce: string, email: string): Promise<string> {
  const text = await signIn({ provider, nonce, email, print });
  const token = readIdToken(text);
  if (!('claims' in token)) throw new Refused({ kind: 'identity', ...token });
  const expected: LoginFor = { ...provider, nonce, person: email };
  const wrong = foreignLogin(token.claims, expected);
  if (wrong) throw new Refused(wrong);
  return text;
}
