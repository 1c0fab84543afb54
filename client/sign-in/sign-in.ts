import type * as OpenId from 'openid-client';
import { LOGIN_MAX_AGE_S } from '../../domain/login.js';
import type { Refusal } from '../../domain/refusal.js';
import { isLoopback, type IdentityProviderConfig } from '../../platform/identity-provider.js';
import { Refused } from '../output.js';
import { canSignIn, openBrowser } from './browser.js';
import { listenForCallback } from './callback.js';

/** One login that is asked for. */
export interface SignIn {
  readonly provider: IdentityProviderConfig;
  /** What the provider is to put into its ID token. */
  readonly nonce: string;
  /** The e-mail address of who is to sign in. */
  readonly email: string;
  readonly print: (text: string) => void;
}

const ANSWERED_WITHIN_S = 10;
const SIGNED_IN_WITHIN_MS = 5 * 60_000;
const SIGNALS = ['SIGINT', 'SIGTERM'] as const;

/**
 * Has a person sign in at the provider in their browser (authorization code with PKCE, RFC 8252) and answers the ID token,
 * which repeats the nonce and is of a login no older than five minutes. Throws a Refused: 4 when nobody signed in or
 * the provider refuses, 6 when it does not answer.
 */
export async function signIn({ provider, nonce, email, print }: SignIn): Promise<string> {
  if (!canSignIn()) {
    const next =
      'sign at a terminal, set GATEHOUSE_BROWSER=none to sign in with the address it prints, or name a key in GATEHOUSE_KEY';
    throw new Refused({
      kind: 'identity',
      what: `${email} has no key and signs in at ${provider.issuer}`,
      given: 'no terminal',
      next,
    });
  }
  const client = await import('openid-client');
  const at = await discovered(client, provider);
  const [state, verifier] = [client.randomState(), client.randomPKCECodeVerifier()];
  const callback = await listenForCallback(state);
  try {
    const url = client.buildAuthorizationUrl(at, {
      redirect_uri: callback.redirectUri,
      scope: scopeOf(at, provider),
      code_challenge: await client.calculatePKCECodeChallenge(verifier),
      code_challenge_method: 'S256',
      max_age: String(LOGIN_MAX_AGE_S),
      login_hint: email,
      state,
      nonce,
    });
    print(`sign in as ${email} to sign this:\n  ${url.href}\n`);
    openBrowser(url);
    const came = await orStopped(callback.returned);
    const checks = { expectedState: state, expectedNonce: nonce, maxAge: LOGIN_MAX_AGE_S, pkceCodeVerifier: verifier };
    const tokens = await client.authorizationCodeGrant(at, came, checks).catch((error: unknown) => {
      throw new Refused(refusedBy(client, provider, error));
    });
    return tokens.id_token ?? '';
  } finally {
    callback.close();
  }
}

async function discovered(client: typeof OpenId, { issuer, clientId }: IdentityProviderConfig): Promise<OpenId.Configuration> {
  const url = new URL(issuer);
  // Only an address of this machine gets here unencrypted.
  const execute = isLoopback(url) ? [client.allowInsecureRequests] : [];
  const options = { timeout: ANSWERED_WITHIN_S, execute };
  return await client.discovery(url, clientId, undefined, client.None(), options).catch((error: unknown) => {
    throw new Refused(away(issuer, error));
  });
}

/** Some providers put groups into a token for a scope of that name, some always; one that is not known would be refused. */
function scopeOf(at: OpenId.Configuration, { groupsClaim }: IdentityProviderConfig): string {
  const offered = at.serverMetadata().scopes_supported ?? [];
  return ['openid', 'email', 'profile', ...(offered.includes(groupsClaim) ? [groupsClaim] : [])].join(' ');
}

/** Waits for the browser, for five minutes at most and not after Ctrl-C. */
async function orStopped(returned: Promise<URL>): Promise<URL> {
  const ended = new AbortController();
  const stopped = new Promise<never>((_, reject) => {
    const stop = (what: string) => () => reject(new Refused({ kind: 'identity', what, next: 'sign it again' }));
    const onSignal = stop('stopped before anybody signed in');
    const timer = setTimeout(stop('nobody signed in within 5 minutes'), SIGNED_IN_WITHIN_MS);
    for (const signal of SIGNALS) process.once(signal, onSignal);
    ended.signal.addEventListener('abort', () => {
      clearTimeout(timer);
      for (const signal of SIGNALS) process.removeListener(signal, onSignal);
    });
  });
  try {
    return await Promise.race([returned, stopped]);
  } finally {
    ended.abort();
  }
}

function refusedBy(client: typeof OpenId, { issuer }: IdentityProviderConfig, error: unknown): Refusal {
  if (error instanceof client.AuthorizationResponseError || error instanceof client.ResponseBodyError) {
    const given = [error.error, error.error_description].filter(Boolean).join(': ');
    return { kind: 'identity', what: `${issuer} refuses the login`, given, next: 'ask whoever runs it' };
  }
  if (error instanceof client.ClientError && error.code?.startsWith('OAUTH_') === true) {
    const why = error.cause instanceof Error ? error.cause.message : error.message;
    return {
      kind: 'identity',
      what: `${issuer} answers with a login that does not count`,
      given: why,
      next: 'sign in and sign again',
    };
  }
  return away(issuer, error);
}

function away(issuer: string, error: unknown): Refusal {
  const { message, cause } = error as Error;
  const given = cause instanceof Error ? `${message}: ${cause.message}` : message;
  return {
    kind: 'away',
    what: `the identity provider ${issuer} does not answer`,
    given,
    next: 'check GATEHOUSE_OIDC_ISSUER and try again',
  };
}
