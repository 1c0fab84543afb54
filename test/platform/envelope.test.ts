import { createHmac } from 'node:crypto';
import { CompactSign, importJWK, type CompactJWSHeaderParameters } from 'jose';
import fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';
import { ACTS, type ActPayload } from '../../domain/acts.js';
import { canonicalJson } from '../../domain/canonical.js';
import { refusalLine } from '../../domain/refusal.js';
import { sha256 } from '../../platform/digest.js';
import { openEnvelope, signEnvelope, verifySignature } from '../../platform/envelope.js';
import { generateKey, type SigningKey } from '../../platform/keys.js';

const PAYLOAD: ActPayload = {
  typ: 'gatehouse-decision/v1',
  installation: 'i-1',
  environment: 'development',
  person: 'a@example.org',
  printed_name: 'Anna B.',
  nonce: 'n'.repeat(22),
  issued: '2026-11-23T10:00:00.000Z',
  expires: '2026-12-07T10:00:00.000Z',
  model: 'm',
  version: '1.2.0',
  promotion: 'm/1.2.0/1',
  round: 1,
  from_stage: 'staging',
  to_stage: 'production',
  artifact_digest: 'a'.repeat(64),
  feature_hash: 'b'.repeat(64),
  evidence_digest: 'c'.repeat(64),
  policy_digest: 'd'.repeat(64),
  gate: 'security',
  decision: 'approve',
  meaning: 'I attest',
  comment: 'fine [{ "é" }]',
};

let key: SigningKey;
let good: string;
beforeAll(async () => {
  key = await generateKey();
  good = await signEnvelope(PAYLOAD, key);
});

const encode = (value: string | Uint8Array) => Buffer.from(value).toString('base64url');
const parts = () => good.split('.') as [string, string, string];
const lineOf = (jws: string) => {
  const opened = openEnvelope(jws);
  return opened.ok ? 'opened' : refusalLine(opened.refusal);
};
const withHeader = (header: unknown) =>
  [encode(typeof header === 'string' ? header : JSON.stringify(header)), ...parts().slice(1)].join('.');
const withPayload = (payload: string | Uint8Array) => [parts()[0], encode(payload), parts()[2]].join('.');

describe('a good envelope', () => {
  it('opens as what was signed, under the hash of its text', async () => {
    expect(openEnvelope(good)).toEqual({
      ok: true,
      envelope: { hash: sha256(good), kid: key.kid, act: 'decision', payload: PAYLOAD, jws: good },
    });
    expect(await verifySignature(good, { ...key.publicJwk })).toBe(true);
  });

  it('has a header of exactly alg and kid, and canonical bytes', () => {
    const [header, payload] = parts().map((part) => Buffer.from(part, 'base64url').toString());
    expect(header).toBe(`{"alg":"EdDSA","kid":"${key.kid}"}`);
    expect(payload).toBe(canonicalJson(PAYLOAD));
  });

  it('may be signed by any other JWS program', async () => {
    const signed = await new CompactSign(Buffer.from(canonicalJson(PAYLOAD)))
      .setProtectedHeader({ kid: key.kid, alg: 'EdDSA' })
      .sign(await importJWK({ ...key.privateJwk }, 'EdDSA'));
    expect(openEnvelope(signed)).toMatchObject({ ok: true });
    expect(await verifySignature(signed, { ...key.publicJwk })).toBe(true);
  });

  it('keeps a comment exactly (S13)', async () => {
    const comment = 'x\r\nBcc: <!channel> <script> \x1b[31m \u202e "\\"';
    const opened = openEnvelope(await signEnvelope({ ...PAYLOAD, comment }, key));
    expect(opened).toMatchObject({ ok: true, envelope: { payload: { comment } } });
  });
});

describe('what is no envelope is refused (S2, S12)', () => {
  it.each([
    ['nothing', () => ''],
    ['one part', () => 'x'],
    ['two parts', () => parts().slice(0, 2).join('.')],
    ['four parts', () => `${good}.x`],
    ['dots', () => '..'],
    ['an empty header', () => ['', ...parts().slice(1)].join('.')],
    ['an empty payload', () => [parts()[0], '', parts()[2]].join('.')],
    ['padding', () => `${good}==`],
    ['plain base64', () => [parts()[0], `${parts()[1]}+/`, parts()[2]].join('.')],
    ['white space', () => ` ${good}`],
    ['a line end', () => `${good}\n`],
    ['other text', () => [parts()[0], 'é', parts()[2]].join('.')],
  ])('%s', (_, make) => expect(lineOf(make())).toMatch(/^4: envelope is no compact JWS/));

  it('a missing or short signature', () => {
    expect(lineOf(`${parts()[0]}.${parts()[1]}.`)).toMatch(/^4: signature is missing/);
    expect(lineOf(`${parts()[0]}.${parts()[1]}.AAAA`)).toMatch(/^4: signature is not of its form/);
  });

  it('a second spelling of the same signature', () => {
    const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';
    const last = good.at(-1) ?? '';
    const other = good.slice(0, -1) + alphabet[alphabet.indexOf(last) + 1];
    expect(Buffer.from(other.split('.')[2] ?? '', 'base64url').equals(Buffer.from(parts()[2], 'base64url'))).toBe(true);
    expect(lineOf(other)).toMatch(/^4: envelope is no compact JWS/);
  });

  it('what is too large or too deep, quickly', async () => {
    const start = performance.now();
    expect(lineOf('a'.repeat(2_100_000))).toMatch(/^2: envelope is too large; given: 2100000 bytes; allowed: 65536 bytes/);
    expect(lineOf(await signEnvelope({ ...PAYLOAD, comment: 'x'.repeat(65 * 1024) }, key))).toMatch(/^2: envelope is too large/);
    expect(lineOf(withPayload(`${'['.repeat(5000)}${']'.repeat(5000)}`))).toMatch(/^2: payload is nested too deep/);
    expect(lineOf(withPayload('{"a":'.repeat(5000)))).toMatch(/^2: payload is nested too deep/);
    expect(lineOf(withPayload(`"${'\\"'.repeat(20_000)}`))).toMatch(/^4: payload is no JSON object/);
    expect(performance.now() - start).toBeLessThan(1000);
  });
});

describe('headers (S3, S4, S5)', () => {
  const kid = 'k'.repeat(43);
  it.each([
    [{ alg: 'none' }, /^4: header alg is not allowed; given: "none"; allowed: EdDSA/],
    [{ alg: 'none', kid }, /header alg is not allowed; given: "none"/],
    [{ alg: 'HS256', kid }, /given: "HS256"; allowed: EdDSA/],
    [{ alg: 'Ed25519', kid }, /header alg is not allowed/],
    [{ alg: 'RS256', kid }, /header alg is not allowed/],
    [{ alg: 'eddsa', kid }, /header alg is not allowed/],
    [{ alg: ['EdDSA'], kid }, /header alg is not allowed/],
    [{ kid }, /header alg is not allowed/],
    [{ alg: 'EdDSA', kid, jku: 'https://evil' }, /^4: header "jku" is not allowed; allowed: alg and kid/],
    [{ alg: 'EdDSA', kid, x5u: 'https://evil' }, /header "x5u" is not allowed/],
    [{ alg: 'EdDSA', kid, jwk: { kty: 'OKP' } }, /header "jwk" is not allowed/],
    [{ alg: 'EdDSA', kid, crit: ['b64'] }, /header "crit" is not allowed/],
    [{ alg: 'EdDSA', kid, b64: false }, /header "b64" is not allowed/],
    [{ alg: 'EdDSA', kid, typ: 'JWT' }, /header "typ" is not allowed/],
    [{ alg: 'EdDSA' }, /^4: header kid is not of its form/],
    [{ alg: 'EdDSA', kid: '../../etc/passwd' }, /header kid is not of its form; given: "..\/..\/etc\/passwd"/],
    [{ alg: 'EdDSA', kid: "'; DROP TABLE person;--" }, /header kid is not of its form/],
    [{ alg: 'EdDSA', kid: 7 }, /header kid is not of its form/],
    [`{"alg":"EdDSA","kid":"${kid}","kid":"${kid}"}`, /^4: header is written ambiguously/],
    [`{"alg":"none","alg":"EdDSA","kid":"${kid}"}`, /header is written ambiguously/],
    [`{ "alg":"EdDSA","kid":"${kid}"}`, /header is written ambiguously/],
    [`{"\\u0061lg":"EdDSA","kid":"${kid}"}`, /header is written ambiguously/],
    ['[]', /^4: header is no JSON object/],
    ['null', /header is no JSON object/],
    ['EdDSA', /header is no JSON object/],
    ['\x1b[31m', /header is no JSON object/],
  ])('%j', (header, expected) => {
    expect(lineOf(withHeader(header))).toMatch(expected);
  });

  it('HS256 keyed with the public key fails in the signature too', async () => {
    const signed = `${encode(JSON.stringify({ alg: 'HS256', kid: key.kid }))}.${parts()[1]}`;
    const mac = createHmac('sha256', Buffer.from(key.publicJwk.x, 'base64url')).update(signed).digest('base64url');
    expect(await verifySignature(`${signed}.${mac}`, { ...key.publicJwk })).toBe(false);
  });
});

describe('payloads', () => {
  const text = canonicalJson(PAYLOAD);
  it.each([
    ['a field twice', text.replace('{', '{"comment":"other",'), /^4: payload is not canonical/],
    ['white space', `${text} `, /payload is not canonical/],
    ['another order', JSON.stringify(PAYLOAD), /payload is not canonical/],
    ['another spelling of a number', text.replace('"round":1', '"round":1.0'), /payload is not canonical/],
    ['a number out of range', text.replace('"round":1', '"round":1e999'), /payload is not canonical/],
    ['a number that no double holds', text.replace('"round":1', '"round":9007199254740993'), /payload is not canonical/],
    ['an escaped letter', text.replace('"fine', '"\\u0066ine'), /payload is not canonical/],
    ['a byte order mark', `\uFEFF${text}`, /payload is no JSON object/],
    ['trailing text', `${text}{}`, /payload is no JSON object/],
    ['a list', '[]', /payload is no JSON object/],
    ['null', 'null', /payload is no JSON object/],
    ['no JSON', 'approve', /payload is no JSON object/],
    ['no fields', '{}', /^4: typ names no act; given: undefined/],
    [
      'no act',
      text.replace('gatehouse-decision/v1', 'gatehouse-decision/v2'),
      /typ names no act; given: "gatehouse-decision\/v2"/,
    ],
    [
      'a field too many',
      text.replace(',"comment"', ',"colour":"red","comment"'),
      /^4: colour does not belong in gatehouse-decision/,
    ],
    ['a field of the prototype', text.replace('{', '{"__proto__":"x",'), /__proto__ does not belong/],
    ['a text NUL', text.replace('"fine', '"\\u0000fine'), /^4: comment holds a character/],
    ['half a character', text.replace('"fine', '"\\ud800fine'), /^4: comment holds a character/],
  ])('with %s', (_, payload, expected) => expect(lineOf(withPayload(payload))).toMatch(expected));

  it('that are not UTF-8', () => {
    expect(lineOf(withPayload(Buffer.from(text.replace('é', '\xe9'), 'latin1')))).toMatch(/^4: payload is not UTF-8/);
  });

  it.each(Object.keys(PAYLOAD).filter((field) => field !== 'typ'))('without %s, or with %s of another form, name it', (field) => {
    const { [field]: _, ...rest } = PAYLOAD;
    expect(lineOf(withPayload(canonicalJson(rest)))).toMatch(new RegExp(`^4: ${field} is missing`));
    expect(lineOf(withPayload(canonicalJson({ ...PAYLOAD, [field]: null })))).toMatch(
      new RegExp(`^4: ${field} is not of its form`),
    );
    expect(lineOf(withPayload(canonicalJson({ ...PAYLOAD, [field]: ['x'] })))).toMatch(
      new RegExp(`^4: ${field} is not of its form`),
    );
  });

  it('of every act are known', () => {
    for (const { typ } of Object.values(ACTS)) expect(lineOf(withPayload(canonicalJson({ typ })))).not.toMatch(/names no act/);
  });
});

describe('signatures', () => {
  it('hold for their key and exact bytes only', async () => {
    const publicJwk = { ...key.publicJwk };
    const other = await generateKey();
    expect(await verifySignature(good, { ...other.publicJwk })).toBe(false);
    expect(await verifySignature(withPayload(canonicalJson({ ...PAYLOAD, version: '1.2.1' })), publicJwk)).toBe(false);
    expect(await verifySignature(withHeader({ alg: 'EdDSA', kid: other.kid }), publicJwk)).toBe(false);
    expect(await verifySignature(good, { ...publicJwk, kty: 'RSA' })).toBe(false);
    expect(await verifySignature(good, { ...publicJwk, crv: 'Ed448' })).toBe(false);
    expect(await verifySignature(good, { ...publicJwk, x: 'AAAA' })).toBe(false);
    expect(await verifySignature(good, {})).toBe(false);
    expect(await verifySignature('x', publicJwk)).toBe(false);
    const header: CompactJWSHeaderParameters = { alg: 'EdDSA', b64: true, crit: ['b64'], kid: key.kid };
    const critical = await new CompactSign(Buffer.from(canonicalJson(PAYLOAD)))
      .setProtectedHeader(header)
      .sign({ ...key.privateJwk });
    expect(lineOf(critical)).toMatch(/header "b64" is not allowed/);
  });

  it('break with any changed bit, and opening never throws', async () => {
    await fc.assert(
      fc.asyncProperty(fc.nat(), fc.integer({ min: 1, max: 255 }), async (at, bits) => {
        const bytes = Buffer.from(good);
        const index = at % bytes.length;
        bytes[index] = (bytes[index] ?? 0) ^ bits;
        const spoilt = bytes.toString('latin1');
        const opened = openEnvelope(spoilt);
        expect(opened.ok && (await verifySignature(spoilt, { ...key.publicJwk }))).toBe(false);
      }),
      { numRuns: 500 },
    );
  });
});
