import { createPrivateKey, createPublicKey, generateKeyPairSync } from 'node:crypto';
import { constants } from 'node:fs';
import { open } from 'node:fs/promises';
import { join } from 'node:path';
import type { JWK } from 'jose';
import type { Refusal } from '../domain/refusal.js';
import { quoted } from './files/quoted.js';
import { plainPem, protect, protectionOf, unlock } from './protected-key.js';

/** An Ed25519 public key as a JWK (RFC 8037). */
interface PublicJwk {
  readonly kty: 'OKP';
  readonly crv: 'Ed25519';
  readonly x: string;
}

/** A person's key to sign with; `kid` is its RFC 7638 thumbprint. */
export interface SigningKey {
  readonly kid: string;
  readonly publicJwk: PublicJwk;
  readonly privateJwk: PublicJwk & { readonly d: string };
}

/** A key file that cannot be used; `refusal` says why and is always of the kind `identity`. */
export class KeyError extends Error {
  override readonly name = 'KeyError';
  readonly refusal: Refusal;

  constructor(
    refusal: Omit<Refusal, 'kind'>,
    /** Whether the file may well hold a usable key, behind a passphrase that was not given. */
    readonly isLocked = false,
  ) {
    super(refusal.what);
    this.refusal = { kind: 'identity', ...refusal };
  }
}

const KEY_FILE_BYTES = 16_384;
const ALLOWED = 'a private Ed25519 key as a JWK';
const FORMS = 'a JWK in a JWE (PBES2-HS512+A256KW, A256GCM), or PKCS #8 in PEM';

/** Where a passphrase is had from; undefined where there is none to be had. */
export type PassphraseSource = (path: string) => Promise<string | undefined>;

/** A new random Ed25519 key. */
export async function generateKey(): Promise<SigningKey> {
  const jwk = generateKeyPairSync('ed25519').privateKey.export({ format: 'jwk' });
  return signingKey(String(jwk.x), String(jwk.d));
}

/** The RFC 7638 SHA-256 thumbprint of a key, which is its `kid`: 43 base64url characters. */
export async function thumbprint(jwk: JWK): Promise<string> {
  const { calculateJwkThumbprint } = await import('jose/jwk/thumbprint');
  return calculateJwkThumbprint(jwk, 'sha256');
}

/** Where a person's key file is; a `KeyError` for what cannot be part of a file's name. */
export function keyPath(keysDir: string, email: string): string {
  if (!/^[^@/\\\p{Cc}\s]{1,64}@[^@/\\\p{Cc}\s]{1,189}$/u.test(email)) {
    throw new KeyError({ what: 'not an e-mail address', given: quoted(email), allowed: 'name@domain' });
  }
  return join(keysDir, `${email.toLowerCase()}.jwk.json`);
}

/** Writes a new key file that only its owner can read (0600), protected by the passphrase if one is given; rejects with EEXIST rather than replace one. */
export async function writeKey(path: string, { kid, privateJwk }: SigningKey, passphrase?: string): Promise<void> {
  const jwk = { ...privateJwk, kid };
  const text = passphrase === undefined ? JSON.stringify(jwk) : await protect(jwk, passphrase);
  const handle = await open(path, 'wx', 0o600);
  try {
    await handle.writeFile(`${text}\n`);
    await handle.sync();
  } finally {
    await handle.close();
  }
}

/**
 * Reads a key file; throws a `KeyError` when it is missing, open to others, no JWK or not a private Ed25519 key, or when it is
 * protected and no passphrase, or the wrong one, is given.
 */
export async function loadKey(path: string, passphrase?: PassphraseSource): Promise<SigningKey> {
  const text = await readPrivateFile(path, KEY_FILE);
  const jwk = await jwkIn(path, text, passphrase);
  if (jwk['kty'] !== 'OKP' || jwk['crv'] !== 'Ed25519') {
    const kind = [jwk['kty'], jwk['crv']].filter((part) => typeof part === 'string').join(' ');
    throw new KeyError({ what: `key file ${path} holds a key of another kind`, given: quoted(kind), allowed: ALLOWED });
  }
  if (typeof jwk['d'] !== 'string') {
    throw new KeyError({ what: `key file ${path} holds a public key only`, allowed: ALLOWED });
  }
  const key = await signingKey(publicHalf(path, jwk), jwk['d']);
  if (jwk['x'] !== key.publicJwk.x || (jwk['kid'] !== undefined && jwk['kid'] !== key.kid)) {
    throw new KeyError({ what: `key file ${path} is damaged: its x or kid is not that of its private key`, allowed: ALLOWED });
  }
  return key;
}

/** What a file that only its owner may read is called in messages, and how it is named. */
interface PrivateFile {
  readonly what: string;
  readonly missing: string;
  readonly allowed: string;
}

const KEY_FILE: PrivateFile = {
  what: 'key file',
  missing: 'check --approver, or name a key file in GATEHOUSE_KEY',
  allowed: ALLOWED,
};

/** Reads a small file with a secret; throws a `KeyError` when it is missing, large, or open to others. */
export async function readPrivateFile(path: string, { what, missing, allowed }: PrivateFile): Promise<string> {
  const handle = await open(path, constants.O_RDONLY | (constants.O_NONBLOCK ?? 0)).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT' || error.code === 'ENOTDIR') {
      throw new KeyError({ what: `there is no ${what} ${path}`, next: missing });
    }
    throw new KeyError({ what: `${what} ${path} may not be read (${error.code})`, next: 'run this as the owner of the key' });
  });
  try {
    const stats = await handle.stat();
    if (!stats.isFile() || stats.size > KEY_FILE_BYTES) throw new KeyError({ what: `${path} is no ${what}`, allowed });
    if (process.platform !== 'win32' && (stats.mode & 0o077) !== 0) {
      const given = `mode ${(stats.mode & 0o777).toString(8).padStart(4, '0')}`;
      throw new KeyError({
        what: `${what} ${path} is open to other users`,
        given,
        allowed: 'mode 0600',
        next: `chmod 600 ${path}`,
      });
    }
    return await handle.readFile('utf8');
  } finally {
    await handle.close();
  }
}

async function jwkIn(path: string, text: string, passphrase?: PassphraseSource): Promise<Readonly<Record<string, unknown>>> {
  const protection = protectionOf(text);
  if (!protection) return plainPem(text) ?? parseJwk(path, text);
  const given = await passphrase?.(path);
  if (given === undefined) {
    const next = 'run this in a terminal, which asks for it, or name a file that holds it (0600) in GATEHOUSE_PASSPHRASE_FILE';
    throw new KeyError({ what: `key file ${path} is protected by a passphrase, and none is given`, next }, true);
  }
  const unlocked = await unlock(text, protection, given);
  if (unlocked.ok) return unlocked.jwk;
  if (unlocked.why === 'wrong-passphrase')
    throw new KeyError({ what: `the passphrase of key file ${path} is wrong`, next: 'try again' });
  throw new KeyError({ what: `key file ${path} is damaged, or protected in another way`, allowed: FORMS });
}

function parseJwk(path: string, text: string): Readonly<Record<string, unknown>> {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    value = undefined;
  }
  const jwk = typeof value === 'object' && value !== null && !Array.isArray(value) ? { ...value } : undefined;
  // What the file holds instead is not shown: it may be a secret of another kind.
  if (!jwk) throw new KeyError({ what: `key file ${path} is no JSON object`, allowed: ALLOWED });
  return jwk;
}

function publicHalf(path: string, { d }: Readonly<Record<string, unknown>>): string {
  try {
    const secret = createPrivateKey({ key: { kty: 'OKP', crv: 'Ed25519', x: String(d), d: String(d) }, format: 'jwk' });
    return String(createPublicKey(secret).export({ format: 'jwk' }).x);
  } catch {
    throw new KeyError({ what: `key file ${path} is damaged: its private key cannot be read`, allowed: ALLOWED });
  }
}

async function signingKey(x: string, d: string): Promise<SigningKey> {
  const publicJwk: PublicJwk = { kty: 'OKP', crv: 'Ed25519', x };
  return { kid: await thumbprint({ ...publicJwk }), publicJwk, privateJwk: { ...publicJwk, d } };
}
