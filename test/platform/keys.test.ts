import { generateKeyPairSync } from 'node:crypto';
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { calculateJwkThumbprint, compactDecrypt, CompactEncrypt } from 'jose';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { refusalLine } from '../../domain/refusal.js';
import { generateKey, KeyError, keyPath, loadKey, writeKey } from '../../platform/keys.js';

let dir: string;
let path: string;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'gatehouse-keys-'));
  path = join(dir, 'a@example.org.jwk.json');
});
afterEach(() => rmSync(dir, { recursive: true, force: true }));

const write = (value: unknown) => writeFileSync(path, typeof value === 'string' ? value : JSON.stringify(value), { mode: 0o600 });

async function lineOf(work: Promise<unknown>): Promise<string> {
  const error: unknown = await work.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  expect(error).toBeInstanceOf(KeyError);
  return refusalLine((error as KeyError).refusal);
}

describe('a key', () => {
  it('is read as it was written, private to its owner, named by its thumbprint', async () => {
    const key = await generateKey();
    await writeKey(path, key);
    expect(statSync(path).mode & 0o777).toBe(0o600);
    expect(await loadKey(path)).toEqual(key);
    const written = JSON.parse(readFileSync(path, 'utf8')) as Record<string, string>;
    expect(Object.keys(written).sort()).toEqual(['crv', 'd', 'kid', 'kty', 'x']);
    expect(written['kid']).toBe(await calculateJwkThumbprint({ ...key.publicJwk }));
    expect((await generateKey()).kid).not.toBe(key.kid);
  });

  it('is never written over', async () => {
    await writeKey(path, await generateKey());
    const before = readFileSync(path, 'utf8');
    await expect(writeKey(path, await generateKey())).rejects.toMatchObject({ code: 'EEXIST' });
    expect(readFileSync(path, 'utf8')).toBe(before);
  });

  it('may lie behind a link and lack its kid', async () => {
    const key = await generateKey();
    write(key.privateJwk);
    symlinkSync(path, join(dir, 'link'));
    expect(await loadKey(join(dir, 'link'))).toEqual(key);
  });

  it('has a path that stays in its directory', () => {
    expect(keyPath('/keys', 'Anna.B+x@Example.org')).toBe('/keys/anna.b+x@example.org.jwk.json');
    for (const email of ['../x@y', 'a/b@c', 'a@..\\b', 'a', '', 'a@b@c', 'a @b', 'a@b\0', 'a\n@b']) {
      expect(() => keyPath('/keys', email)).toThrow(KeyError);
    }
  });
});

describe('a key file that cannot be used says why (C9)', () => {
  it('in different words for each reason, without showing what it holds', async () => {
    const key = await generateKey();
    const other = await generateKey();
    const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey;
    const ed448 = generateKeyPairSync('ed448').privateKey;
    const protectedPem = generateKeyPairSync('ed25519').privateKey.export({
      type: 'pkcs8',
      format: 'pem',
      cipher: 'aes-256-cbc',
      passphrase: 'secret',
    });
    const jwe = await new CompactEncrypt(Buffer.from('key'))
      .setProtectedHeader({ alg: 'dir', enc: 'A256GCM' })
      .encrypt(new Uint8Array(32));
    const cases: [string, () => void, RegExp][] = [
      ['missing', () => rmSync(path, { force: true }), /there is no key file/],
      [
        'group-readable',
        () => (write(key.privateJwk), chmodSync(path, 0o640)),
        /is open to other users; given: mode 0640; .*chmod 600/,
      ],
      ['world-readable', () => (write(key.privateJwk), chmodSync(path, 0o604)), /is open to other users; given: mode 0604/],
      ['RSA', () => write(rsa.export({ format: 'jwk' })), /holds a key of another kind; given: "RSA"/],
      ['Ed448', () => write(ed448.export({ format: 'jwk' })), /holds a key of another kind; given: "OKP Ed448"/],
      [
        'protected PEM',
        () => write(String(protectedPem)),
        /protected by a passphrase, and none is given; .*GATEHOUSE_PASSPHRASE_FILE/,
      ],
      ['protected JWK', () => write(jwe), /protected by a passphrase, and none is given/],
      ['RSA in PEM', () => write(String(rsa.export({ type: 'pkcs8', format: 'pem' }))), /another kind; given: "RSA"/],
      ['no JSON', () => write('hunter2'), /is no JSON object/],
      ['no object', () => write('[1]'), /is no JSON object/],
      ['public only', () => write(key.publicJwk), /holds a public key only/],
      [
        'halves of two keys',
        () => write({ ...key.privateJwk, x: other.publicJwk.x }),
        /its x or kid is not that of its private key/,
      ],
      ['another kid', () => write({ ...key.privateJwk, kid: other.kid }), /its x or kid is not/],
      ['a short d', () => write({ ...key.privateJwk, d: 'AAAA' }), /its private key cannot be read/],
      ['a directory', () => (rmSync(path, { force: true }), mkdirSync(path)), /is no key file/],
    ];
    for (const [name, make, expected] of cases) {
      rmSync(path, { force: true, recursive: true });
      make();
      const line = await lineOf(loadKey(path));
      expect(line, name).toMatch(expected);
      expect(line, name).toMatch(/^4: /);
      expect(line, name).not.toMatch(/hunter2|secret/);
      expect(line, name).not.toContain(key.privateJwk.d);
    }
  });
});

describe('a key behind a passphrase', () => {
  const WORDS = 'four words are plenty';
  const given = (passphrase: string) => () => Promise.resolve(passphrase);

  it('is a JWK in a JWE (RFC 7517 §7) that anybody else can open with it, and nobody without', async () => {
    const key = await generateKey();
    await writeKey(path, key, WORDS);
    expect(statSync(path).mode & 0o777).toBe(0o600);
    const text = readFileSync(path, 'utf8').trim();
    expect(text).not.toContain(key.privateJwk.d);
    const { plaintext, protectedHeader } = await compactDecrypt(text, Buffer.from(WORDS), {
      keyManagementAlgorithms: ['PBES2-HS512+A256KW'],
      maxPBES2Count: 600_000,
    });
    expect(protectedHeader).toMatchObject({ enc: 'A256GCM', cty: 'jwk+json', p2c: 600_000 });
    expect(JSON.parse(Buffer.from(plaintext).toString())).toEqual({ ...key.privateJwk, kid: key.kid });
    expect(await loadKey(path, given(WORDS))).toEqual(key);
  });

  it('is read from an encrypted PEM, as openssl writes it, and from a plain one', async () => {
    const { privateKey } = generateKeyPairSync('ed25519');
    const { x } = privateKey.export({ format: 'jwk' });
    write(String(privateKey.export({ type: 'pkcs8', format: 'pem', cipher: 'aes-256-cbc', passphrase: WORDS })));
    expect((await loadKey(path, given(WORDS))).publicJwk.x).toBe(x);
    write(String(privateKey.export({ type: 'pkcs8', format: 'pem' })));
    expect((await loadKey(path)).publicJwk.x).toBe(x);
  });

  it('four different messages, all of code 4: missing, group-readable, wrong passphrase, RSA (C9)', async () => {
    const lines: string[] = [];
    lines.push(await lineOf(loadKey(path, given(WORDS))));
    await writeKey(path, await generateKey(), WORDS);
    lines.push(await lineOf(loadKey(path, given('another passphrase'))));
    chmodSync(path, 0o640);
    lines.push(await lineOf(loadKey(path, given(WORDS))));
    rmSync(path);
    const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey;
    write(String(rsa.export({ type: 'pkcs8', format: 'pem', cipher: 'aes-256-cbc', passphrase: WORDS })));
    lines.push(await lineOf(loadKey(path, given(WORDS))));
    expect(lines).toEqual([
      expect.stringMatching(/^4: there is no key file/),
      expect.stringMatching(/^4: the passphrase of key file .* is wrong/),
      expect.stringMatching(/^4: key file .* is open to other users/),
      expect.stringMatching(/^4: key file .* holds a key of another kind; given: "RSA"/),
    ]);
    write(String(rsa.export({ type: 'pkcs8', format: 'pem', cipher: 'aes-256-cbc', passphrase: WORDS })));
    expect(await lineOf(loadKey(path, given('another passphrase')))).toMatch(/^4: the passphrase .* is wrong/);
  });

  it('that is protected in another way is named, also where it asks for endless work', async () => {
    for (const header of [
      { alg: 'PBES2-HS256+A128KW', enc: 'A128GCM', p2c: 1000 },
      { alg: 'PBES2-HS512+A256KW', enc: 'A256GCM', p2c: 4_000_000_000, p2s: 'AAAAAAAAAAAAAAAAAAAAAA' },
    ]) {
      write([header, 'AA', 'AA', 'AA', 'AA'].map((part) => Buffer.from(JSON.stringify(part)).toString('base64url')).join('.'));
      expect(await lineOf(loadKey(path, given(WORDS)))).toMatch(/damaged, or protected in another way/);
    }
  });
});
