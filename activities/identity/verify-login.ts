import type { JWK } from 'jose';
import { foreignLogin, loginOf, staleLogin, type Login } from '../../domain/login.js';
import type { Refusal } from '../../domain/refusal.js';
import type { OpenedEnvelope, SignedLogin } from '../../platform/envelope.js';
import { isSignedWith, nonceOver } from '../../platform/id-token.js';
import { isEncrypted } from '../../platform/identity-provider.js';
import type { Db } from '../../platform/pool.js';
import { isSignedInLogin } from '../../platform/proof.js';
import type { IdentityProvider } from '../ports.js';

/** A login that the provider signed for exactly this act, just now; the key is the one that verified it. */
export interface VerifiedLogin {
  readonly login: Login;
  readonly token: SignedLogin['idToken'];
  readonly key: JWK;
}

/**
 * Verifies the login that an act is signed by, or answers why it proves nothing. What the token says is judged before the
 * provider is asked for its key, so that nothing old or foreign waits for it. Throws `Away` when the provider cannot be asked.
 */
export async function verifyLogin(
  db: Db,
  provider: IdentityProvider | undefined,
  envelope: OpenedEnvelope & { readonly login: SignedLogin },
): Promise<VerifiedLogin | Refusal> {
  const { idToken: token, jws } = envelope.login;
  if (!provider)
    return refused('identity provider', 'none', 'one that the workers are configured with', 'sign with an enrolled key');
  const { now, environment } = await realTime(db);
  if (environment === 'production' && !isEncrypted(new URL(provider.issuer)))
    return refused('identity provider', provider.issuer, 'https where the environment is production');
  const person = String(envelope.payload['person']);
  const wrong = foreignLogin(token.claims, { ...provider, nonce: nonceOver(jws), person }) ?? staleLogin(token.claims, now);
  if (wrong) return wrong;
  const login = loginOf(token.claims, provider.groupsClaim);
  if (!('subject' in login)) return login;
  if (!(await isSignedInLogin(envelope)))
    return refused('signature', `key ${envelope.kid}`, "the key's signature over these bytes", 'sign it again');
  const key = await provider.key(token);
  if (!key) return refused('ID token kid', token.kid, `a key of ${provider.issuer} for ${token.alg}`);
  if (!(await isSignedWith(token, key)))
    return refused('ID token signature', `key ${token.kid}`, `a signature of ${provider.issuer}`);
  return { login, token, key };
}

/** The time of the database as its clock has it: logins are of the real world, also where the record's time was advanced. */
async function realTime(db: Db): Promise<{ now: number; environment: string }> {
  const { rows } = await db.query<{ now: number; environment: string }>(
    'SELECT extract(epoch FROM clock_timestamp())::float8 AS now, environment FROM installation',
  );
  return { now: Number(rows[0]?.now), environment: rows[0]?.environment ?? '' };
}

function refused(what: string, given: string, allowed: string, next = 'sign in and sign again'): Refusal {
  return { kind: 'identity', what, given, allowed, next };
}
