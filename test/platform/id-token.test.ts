import { join } from 'node:path';
import { generateKeyPair, exportJWK, SignJWT, type JWK } from 'jose';
import { beforeAll, describe, expect, it } from 'vitest';
import { signEnvelope } from '../../platform/envelope.js';
import { ALGORITHMS, isSignedWith, nonceOver, readIdToken } from '../../platform/id-token.js';
import { generateKey } from '../../platform/keys.js';
import { root } from '../support/stack.js';

interface Script {
  keyOf(text: string, act: object, enrolled: object | undefined, events: readonly object[]): object | undefined;
}

const PERSON = 'sara@example.org';
const ACCOUNT = { issuer: 'https://id.example.org', subject: 'u-1' };
let script: Script;
beforeAll(async () => {
  script = (await import(join(root, 'docs', 'verify-login.mjs'))) as Script;
});

async function signed(alg: string): Promise<{ text: string; token: string; jwk: JWK; x: string }> {
  const pair = await generateKeyPair(alg, { extractable: true });
  const key = await generateKey();
  const jws = await signEnvelope({ typ: 'any' }, key);
  const claims = {
    iss: ACCOUNT.issuer,
    sub: ACCOUNT.subject,
    aud: 'gatehouse',
    nonce: nonceOver(jws),
    email: PERSON,
    email_verified: true,
  };
  const token = await new SignJWT(claims).setProtectedHeader({ alg, kid: 'k' }).sign(pair.privateKey);
  const { x } = key.publicJwk;
  return { text: `${jws}~${token}~${x}`, token, jwk: await exportJWK(pair.publicKey), x };
}

const seen = (jwk: JWK, audience = 'gatehouse') => [
  { action: 'issuer.key-seen', detail: { issuer: ACCOUNT.issuer, audience, kid: 'k', jwk } },
];

describe.each([...ALGORITHMS])('an ID token signed with %s', (alg) => {
  it('is verified with its key and no other, here and by the script in docs', async () => {
    const [one, other] = await Promise.all([signed(alg), signed(alg)]);
    const token = readIdToken(one.token);
    if (!('claims' in token)) throw new Error('no token');
    expect(await isSignedWith(token, one.jwk)).toBe(true);
    expect(await isSignedWith(token, other.jwk)).toBe(false);
    expect(await isSignedWith(token, {})).toBe(false);
    const by = (events: readonly object[], account: object = ACCOUNT, person = PERSON) =>
      script.keyOf(one.text, { person }, account, events);
    expect(by(seen(one.jwk))).toEqual({ kty: 'OKP', crv: 'Ed25519', x: one.x });
    const wrong = [
      () => by(seen(other.jwk)),
      () => by(seen(one.jwk, 'another')),
      () => by([]),
      () => by(seen(one.jwk), { ...ACCOUNT, subject: 'u-2' }),
      () => by(seen(one.jwk), {}),
      () => by(seen(one.jwk), ACCOUNT, 'simon@example.org'),
    ];
    for (const call of wrong) expect(call).toThrow(/the login of \S+ does not hold/);
  });
});
