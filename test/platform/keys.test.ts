import { generateKeyPairSync } from 'node:crypto';
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { calculateJwkThumbprint, CompactEncrypt } from 'jose';
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
      ['protected PEM', () => write(String(protectedPem)), /protected by a passphrase/],
      ['protected JWK', () => write(jwe), /protected by a passphrase/],
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
