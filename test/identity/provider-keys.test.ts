import { createServer, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { classify } from '../../activities/failures.js';
import { providerKeys } from '../../activities/identity/provider-keys.js';
import { generateKey } from '../../platform/keys.js';

type Answer = (response: ServerResponse) => void;

let server: Server;
let issuer: string;
let answers: Record<string, Answer>;
let asked: string[];
const json = (value: unknown, status = 200): Answer => {
  return (response) => void response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(value));
};
const ABOUT = '/.well-known/openid-configuration';

beforeEach(async () => {
  asked = [];
  server = createServer((request, response) => {
    asked.push(request.url ?? '');
    (answers[request.url ?? ''] ?? json({}, 404))(response);
  });
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
  issuer = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const { publicJwk } = await generateKey();
  answers = {
    [ABOUT]: json({ issuer, jwks_uri: `${issuer}/keys` }),
    '/keys': json({
      keys: [
        { ...publicJwk, kid: 'one', use: 'sig', d: 'secret', x5u: 'https://evil' },
        { kty: 'oct', k: 'AA', kid: 'two' },
      ],
    }),
  };
});
afterEach(() => new Promise((closed) => server.close(closed)));

const EDDSA = { kid: 'one', alg: 'EdDSA' };
const keys = (now?: () => number) => providerKeys({ issuer, clientId: 'gatehouse', groupsClaim: 'groups' }, now);

describe('the keys of the identity provider', () => {
  it('are those it publishes, without anything that is not part of a public key', async () => {
    expect(await keys().key(EDDSA)).toEqual({ kty: 'OKP', crv: 'Ed25519', x: expect.any(String) as string });
  });

  it.each([
    ['another algorithm', { kid: 'one', alg: 'RS256' }],
    ['a shared secret', { kid: 'two', alg: 'HS256' }],
    ['no signature', { kid: 'one', alg: 'none' }],
    ['another name', { kid: 'three', alg: 'EdDSA' }],
  ])('are not used for %s', async (_, named) => {
    expect(await keys().key(named)).toBeUndefined();
  });

  it('are kept for ten minutes; a name it does not know is asked for at most every 30 s', async () => {
    let now = 0;
    const provider = keys(() => now);
    await Promise.all([provider.key(EDDSA), provider.key(EDDSA)]);
    await provider.key({ kid: 'three', alg: 'EdDSA' });
    expect(asked).toEqual([ABOUT, '/keys']);
    now = 30_000;
    await provider.key(EDDSA);
    expect(asked).toHaveLength(2);
    await provider.key({ kid: 'three', alg: 'EdDSA' });
    expect(asked).toHaveLength(4);
    now += 600_000;
    answers['/keys'] = json({ keys: [] });
    expect(await provider.key(EDDSA)).toBeUndefined();
  });

  it.each<[string, () => void]>([
    [
      'an answer is a redirect',
      () => (answers['/keys'] = (response) => void response.writeHead(302, { location: `${issuer}/other` }).end()),
    ],
    ['it describes another issuer', () => (answers[ABOUT] = json({ issuer: 'https://evil', jwks_uri: `${issuer}/keys` }))],
    [
      'its keys are elsewhere without encryption',
      () => (answers[ABOUT] = json({ issuer, jwks_uri: 'http://169.254.169.254/keys' })),
    ],
    ['its keys are a file', () => (answers[ABOUT] = json({ issuer, jwks_uri: 'file:///etc/passwd' }))],
    ['an answer is too large', () => (answers['/keys'] = json({ keys: ['x'.repeat(300_000)] }))],
    ['an answer is no JSON', () => (answers['/keys'] = (response) => void response.end('<html>'))],
    ['an answer is an error', () => (answers['/keys'] = json({}, 503))],
    ['it hangs up', () => (answers['/keys'] = (response) => void response.destroy())],
  ])('it is away when %s, and nothing is decided', async (_, spoil) => {
    spoil();
    const error = await keys()
      .key(EDDSA)
      .catch((thrown: unknown) => thrown);
    expect(classify(error)).toBe('away');
  });
});
