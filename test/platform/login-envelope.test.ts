import { SignJWT } from 'jose';
import { generateKeyPairSync } from 'node:crypto';
import { beforeAll, describe, expect, it } from 'vitest';
import type { ActPayload } from '../../domain/acts.js';
import { refusalLine } from '../../domain/refusal.js';
import { sha256 } from '../../platform/digest.js';
import { openEnvelope, signEnvelope } from '../../platform/envelope.js';
import { nonceOver } from '../../platform/id-token.js';
import type { IssuerKey } from '../../platform/issuer-keys.js';
import { generateKey } from '../../platform/keys.js';
import { isProven } from '../../platform/proof.js';
import { isReadable } from '../../workflows/messages.js';

const PAYLOAD: ActPayload = {
  typ: 'gatehouse-freeze/v1',
  installation: 'i-1',
  environment: 'development',
  person: 'sara@example.org',
  printed_name: 'Sara Security',
  nonce: 'n'.repeat(22),
  issued: '2026-11-23T10:00:00.000Z',
  expires: '2026-12-07T10:00:00.000Z',
  model: '',
  freeze: 'on',
  reason: 'a reason of ten letters',
};
const ISSUER = 'https://id.example.org';
const pair = generateKeyPairSync('rsa', { modulusLength: 2048 });
const other = generateKeyPairSync('rsa', { modulusLength: 2048 });
const KEY: IssuerKey = {
  issuer: ISSUER,
  audience: 'gatehouse',
  kid: 'k',
  thumbprint: 't',
  jwk: pair.publicKey.export({ format: 'jwk' }),
};
const SARA = { key: undefined, account: { issuer: ISSUER, subject: 'u-1' } };

let jws: string;
let x: string;
let token: string;
beforeAll(async () => {
  const key = await generateKey();
  x = key.publicJwk.x;
  jws = await signEnvelope(PAYLOAD, key);
  token = await tokenOf({});
});

async function tokenOf(change: Record<string, unknown>, header: Record<string, unknown> = {}, by = pair): Promise<string> {
  const claims = {
    iss: ISSUER,
    aud: 'gatehouse',
    sub: 'u-1',
    nonce: nonceOver(jws),
    email: 'sara@example.org',
    email_verified: true,
  };
  return new SignJWT({ ...claims, ...change }).setProtectedHeader({ alg: 'RS256', kid: 'k', ...header }).sign(by.privateKey);
}

const text = () => `${jws}~${token}~${x}`;
const lineOf = (envelope: string): string => {
  const opened = openEnvelope(envelope);
  return opened.ok ? 'opened' : refusalLine(opened.refusal);
};
const proven = async (envelope: string, known = SARA, keys = [KEY]): Promise<boolean> => {
  const opened = openEnvelope(envelope);
  return opened.ok && (await isProven(opened.envelope, known, keys));
};

describe('an act signed by a login', () => {
  it('opens as what was signed, under the hash of the whole text, and is proven by what is kept', async () => {
    expect(openEnvelope(text())).toMatchObject({
      ok: true,
      envelope: {
        hash: sha256(text()),
        act: 'freeze',
        payload: PAYLOAD,
        jws: text(),
        login: { jws, x, idToken: { kid: 'k', alg: 'RS256' } },
      },
    });
    expect(isReadable({ envelope: text() })).toBe(true);
    expect(await proven(text())).toBe(true);
  });

  it.each<[string, () => string, RegExp]>([
    ['no key', () => `${jws}~${token}`, /^4: envelope is no signature by a login/],
    ['more than a key', () => `${text()}~x`, /^4: envelope is no signature by a login/],
    ['an empty end', () => `${text()}~`, /^4: envelope is no signature by a login/],
    ['a short key', () => `${jws}~${token}~AAAA`, /^4: envelope is no signature by a login/],
    [
      'a key spelt otherwise',
      () => `${jws}~${token}~${x.slice(0, -1)}${x.endsWith('B') ? 'C' : 'B'}`,
      /^4: (envelope is no|public key is not)/,
    ],
    ['another key', () => `${jws}~${token}~${'A'.repeat(43)}`, /^4: public key is not that of the header/],
    ['no token', () => `${jws}~~${x}`, /^4: ID token; allowed: a signed JWT/],
    ['a token of two parts', () => `${jws}~a.b~${x}`, /^4: ID token; allowed: a signed JWT/],
    ['an act cut short', () => `a.b~${token}~${x}`, /^4: envelope is no compact JWS/],
    ['more than 64 KiB', () => `${jws}~${token}${'A'.repeat(65_536)}~${x}`, /^2: envelope is too large/],
  ])('with %s it is refused', (_, envelope, line) => {
    expect(lineOf(envelope())).toMatch(line);
  });

  it.each([
    ['none', /^4: ID token alg; given: "none"; allowed: RS256, PS256, ES256, EdDSA/],
    ['HS256', /^4: ID token alg; given: "HS256"/],
    ['RS512', /^4: ID token alg; given: "RS512"/],
  ])('a token with alg %s is refused by that name', (alg, line) => {
    const [, claims, signature] = token.split('.');
    const header = Buffer.from(JSON.stringify({ alg, kid: 'k' })).toString('base64url');
    expect(lineOf(`${jws}~${header}.${claims}.${alg === 'none' ? '' : signature}~${x}`)).toMatch(line);
  });

  it.each<[string, () => Promise<string>]>([
    ['a token over another act', async () => `${jws}~${await tokenOf({ nonce: 'n' })}~${x}`],
    ['a token for another client', async () => `${jws}~${await tokenOf({ aud: 'another' })}~${x}`],
    ['a token of another provider', async () => `${jws}~${await tokenOf({ iss: 'https://evil' })}~${x}`],
    ['a token of another account', async () => `${jws}~${await tokenOf({ sub: 'u-2' })}~${x}`],
    ['a token of another person', async () => `${jws}~${await tokenOf({ email: 'simon@example.org' })}~${x}`],
    ['an unverified address', async () => `${jws}~${await tokenOf({ email_verified: false })}~${x}`],
    ["another key's token", async () => `${jws}~${await tokenOf({}, {}, other)}~${x}`],
    ['a key nobody knows', async () => `${jws}~${await tokenOf({}, { kid: 'l' })}~${x}`],
    [
      'another act under the same token',
      async () => {
        const key = await generateKey();
        return `${await signEnvelope({ ...PAYLOAD, freeze: 'off' }, key)}~${token}~${key.publicJwk.x}`;
      },
    ],
    ['the signature of another key', () => Promise.resolve(text().replace(/\.[\w-]+~/, `.${'A'.repeat(86)}~`))],
  ])('with %s it is proven by nothing', async (_, envelope) => {
    expect(await proven(await envelope())).toBe(false);
  });

  it('proves nothing of whoever has a key of their own, nor without the key of the provider', async () => {
    expect(await proven(text(), { key: undefined, account: null as never })).toBe(false);
    expect(await proven(text(), SARA, [])).toBe(false);
    expect(await proven(jws)).toBe(false);
  });
});
