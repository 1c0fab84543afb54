import { createPrivateKey, type KeyObject } from 'node:crypto';

/** How a key file is protected, or undefined where it is not. */
export type Protection = 'jwe' | 'pem';

/** What became of opening a protected key file. */
export type Unlocked =
  | { readonly ok: true; readonly jwk: Readonly<Record<string, unknown>> }
  | { readonly ok: false; readonly why: 'wrong-passphrase' | 'other-protection' };

const ALG = 'PBES2-HS512+A256KW';
const ENC = 'A256GCM';
/** The rounds that OWASP asks of PBKDF2 with HMAC-SHA512 are fewer; a file that asks for many more would only hold us up. */
const ROUNDS = 600_000;
const ROUNDS_AT_MOST = 10_000_000;

/** How the text of a key file is protected. */
export function protectionOf(text: string): Protection | undefined {
  if (/-----BEGIN ENCRYPTED PRIVATE KEY-----/.test(text)) return 'pem';
  return /^\s*[\w-]+(\.[\w-]*){4}\s*$/.test(text) || /^\s*\{[^]*"ciphertext"/.test(text) ? 'jwe' : undefined;
}

/** A private JWK encrypted with a passphrase: a compact JWE (RFC 7517 §7, RFC 7518 §4.8). */
export async function protect(jwk: object, passphrase: string): Promise<string> {
  const { CompactEncrypt } = await import('jose/jwe/compact/encrypt');
  const bytes = new TextEncoder();
  return new CompactEncrypt(bytes.encode(JSON.stringify(jwk)))
    .setProtectedHeader({ alg: ALG, enc: ENC, cty: 'jwk+json' })
    .setKeyManagementParameters({ p2c: ROUNDS })
    .encrypt(bytes.encode(passphrase.normalize('NFC')));
}

/** Opens a protected key file's text with a passphrase. */
export async function unlock(text: string, protection: Protection, passphrase: string): Promise<Unlocked> {
  return protection === 'pem' ? unlockPem(text, passphrase) : unlockJwe(text.trim(), passphrase);
}

/** What a PEM that is not protected holds, as a JWK; undefined where it cannot be read. */
export function plainPem(text: string): Readonly<Record<string, unknown>> | undefined {
  if (!/-----BEGIN PRIVATE KEY-----/.test(text)) return undefined;
  try {
    return asJwk(createPrivateKey(text));
  } catch {
    return undefined;
  }
}

function unlockPem(text: string, passphrase: string): Unlocked {
  try {
    return { ok: true, jwk: asJwk(createPrivateKey({ key: text, passphrase })) };
  } catch {
    return { ok: false, why: 'wrong-passphrase' };
  }
}

function asJwk(key: KeyObject): Readonly<Record<string, unknown>> {
  return { ...key.export({ format: 'jwk' }) };
}

async function unlockJwe(text: string, passphrase: string): Promise<Unlocked> {
  const { compactDecrypt } = await import('jose/jwe/compact/decrypt');
  const options = {
    keyManagementAlgorithms: [ALG],
    contentEncryptionAlgorithms: [ENC],
    maxPBES2Count: ROUNDS_AT_MOST,
  };
  try {
    const { plaintext } = await compactDecrypt(text, new TextEncoder().encode(passphrase.normalize('NFC')), options);
    const jwk: unknown = JSON.parse(new TextDecoder().decode(plaintext));
    return { ok: true, jwk: jwk as Readonly<Record<string, unknown>> };
  } catch (error) {
    const isWrong = (error as { code?: unknown }).code === 'ERR_JWE_DECRYPTION_FAILED';
    return { ok: false, why: isWrong ? 'wrong-passphrase' : 'other-protection' };
  }
}
