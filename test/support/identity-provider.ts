import { generateKeyPairSync } from 'node:crypto';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { importJWK, SignJWT, type JWK, type JWTPayload } from 'jose';
import { Provider } from 'oidc-provider';

/** What the provider says of an account besides its `sub`. */
export type Account = Readonly<Record<string, unknown>>;

/** A real OpenID provider on loopback, with accounts that a test changes as it likes, and the key it signs with. */
export interface TestProvider {
  readonly issuer: string;
  readonly accounts: Map<string, Account>;
  /** A token that the provider might have signed: its key, with any claims and header. */
  forge(claims: JWTPayload, header?: { readonly alg?: string; readonly kid?: string }): Promise<string>;
  close(): Promise<void>;
}

export const CLIENT_ID = 'gatehouse';
const KID = 'provider-key-1';

/** Starts a provider that a native client signs in at by code and PKCE, coming back to any port of 127.0.0.1. */
export async function startProvider(): Promise<TestProvider> {
  const accounts = new Map<string, Account>();
  const key = privateKey();
  const server = createServer();
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
  const issuer = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const provider = new Provider(issuer, {
    clients: [
      {
        client_id: CLIENT_ID,
        application_type: 'native',
        token_endpoint_auth_method: 'none',
        redirect_uris: ['http://127.0.0.1/callback'],
        grant_types: ['authorization_code'],
        response_types: ['code'],
      },
    ],
    conformIdTokenClaims: false,
    claims: { openid: ['sub'], email: ['email', 'email_verified'], profile: ['name'], groups: ['groups'] },
    findAccount: (_, id) => ({ accountId: id, claims: () => ({ sub: id, ...accounts.get(id) }) }),
    jwks: { keys: [key] },
    cookies: { keys: ['a key for tests'] },
    ttl: { AccessToken: 600, AuthorizationCode: 60, IdToken: 600, Interaction: 600, Session: 600, Grant: 600 },
  });
  const answer = provider.callback();
  server.on('request', (request, response) => void answer(request, response));
  return {
    issuer,
    accounts,
    async forge(claims, { alg = 'RS256', kid = KID } = {}) {
      return new SignJWT(claims).setProtectedHeader({ alg, kid }).sign(await importJWK(key, alg));
    },
    close: () =>
      new Promise((closed) => {
        server.close(() => closed());
        server.closeAllConnections();
      }),
  };
}

/** Does what a person does in a browser: goes where they are led, fills in the forms as `sub`, until they are led back. */
export async function signInAt(url: string, sub: string): Promise<void> {
  const cookies = new Map<string, string>();
  let [next, form] = [url, undefined as URLSearchParams | undefined];
  for (let steps = 0; steps < 20; steps++) {
    const response = await fetch(next, {
      redirect: 'manual',
      headers: { cookie: [...cookies].map(([name, value]) => `${name}=${value}`).join('; ') },
      ...(form && { method: 'POST', body: form }),
    });
    for (const cookie of response.headers.getSetCookie()) {
      const [, name = '', value = ''] = /^([^=]+)=([^;]*)/.exec(cookie) ?? [];
      cookies.set(name, value);
    }
    const to = response.headers.get('location');
    const text = await response.text();
    if (to === null && !text.includes('<form')) return;
    form = to === null ? filledIn(text, sub) : undefined;
    next = new URL(to ?? /action="([^"]+)"/.exec(text)?.[1] ?? '', next).href;
  }
  throw new Error('the login leads nowhere');
}

function filledIn(page: string, login: string): URLSearchParams {
  return new URLSearchParams(
    page.includes('value="login"') ? { prompt: 'login', login, password: 'any' } : { prompt: 'consent' },
  );
}

function privateKey(): JWK {
  const { privateKey: pair } = generateKeyPairSync('rsa', { modulusLength: 2048 });
  return { ...pair.export({ format: 'jwk' }), kid: KID, alg: 'RS256', use: 'sig' };
}
