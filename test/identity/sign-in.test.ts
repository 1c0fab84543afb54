import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Refused } from '../../client/output.js';
import { signIn } from '../../client/sign-in/sign-in.js';
import { refusalLine } from '../../domain/refusal.js';
import { isSignedWith, readIdToken } from '../../platform/id-token.js';
import { providerKeys } from '../../activities/identity/provider-keys.js';
import { CLIENT_ID, signInAt, startProvider, type TestProvider } from '../support/identity-provider.js';

let at: TestProvider;
beforeAll(async () => {
  process.env['GATEHOUSE_BROWSER'] = 'none';
  at = await startProvider();
  at.accounts.set('u-1', { name: 'Sara Security', email: 'sara@example.org', email_verified: true, groups: ['security'] });
});
afterAll(() => at.close());

const provider = () => ({ issuer: at.issuer, clientId: CLIENT_ID, groupsClaim: 'groups' });
const urlIn = (text: string): string => /https?:\S+/.exec(text)?.[0] ?? '';

describe('signing in at a real provider', () => {
  it('answers a token over the nonce, with the groups, signed with a key that the provider publishes', async () => {
    const nonce = 'n'.repeat(43);
    let went: Promise<void> = Promise.resolve();
    const print = (text: string): void => {
      went = signInAt(urlIn(text), 'u-1');
    };
    const token = readIdToken(await signIn({ provider: provider(), nonce, email: 'sara@example.org', print }));
    await went;
    if (!('claims' in token)) throw new Error('no token');
    expect(token.claims).toMatchObject({
      iss: at.issuer,
      aud: CLIENT_ID,
      nonce,
      sub: 'u-1',
      groups: ['security'],
      email_verified: true,
    });
    expect(token.claims['auth_time']).toBeTypeOf('number');
    const key = await providerKeys(provider()).key(token);
    expect(key).toEqual({ kty: 'RSA', n: expect.any(String) as string, e: 'AQAB' });
    expect(await isSignedWith(token, key ?? {})).toBe(true);
  });

  it('where the provider refuses, it says so and ends with 4', async () => {
    const print = (text: string): void => {
      const url = new URL(urlIn(text));
      const back = new URL(url.searchParams.get('redirect_uri') ?? '');
      back.search = new URLSearchParams({
        state: url.searchParams.get('state') ?? '',
        error: 'access_denied',
        iss: at.issuer,
      }).toString();
      void fetch(new URL('/elsewhere', back))
        .then(() => fetch(`${back.origin}${back.pathname}?state=another&code=x`))
        .then((response) => expect(response.status).toBe(404))
        .then(() => fetch(back));
    };
    const asked = signIn({ provider: provider(), nonce: 'n', email: 'sara@example.org', print });
    await expect(asked).rejects.toSatisfy((error) => {
      expect(refusalLine((error as Refused).refusal)).toMatch(/^4: http\S+ refuses the login; given: access_denied/);
      return error instanceof Refused;
    });
  });

  it('where the provider does not answer, it ends with 6', async () => {
    const asked = signIn({
      provider: { ...provider(), issuer: 'http://127.0.0.1:9' },
      nonce: 'n',
      email: 'a@b.c',
      print: () => undefined,
    });
    await expect(asked).rejects.toMatchObject({ refusal: { kind: 'away' } });
  });

  it('Ctrl-C ends it with one line and 4', async () => {
    const print = (): void => void setImmediate(() => process.emit('SIGINT'));
    const asked = signIn({ provider: provider(), nonce: 'n', email: 'a@b.c', print });
    await expect(asked).rejects.toMatchObject({ refusal: { kind: 'identity', what: 'stopped before anybody signed in' } });
  });
});
