import { isUtf8 } from 'node:buffer';
import type { importJWK, JWK } from 'jose';
import { actOfType, wrongField, type ActPayload, type ActType } from '../domain/acts.js';
import { canonicalJson, type JsonValue } from '../domain/canonical.js';
import type { Refusal } from '../domain/refusal.js';
import { sha256 } from './digest.js';
import { printable, quoted } from './files/quoted.js';
import { ed25519Thumbprint, readIdToken, type IdToken } from './id-token.js';
import type { SigningKey } from './keys.js';

/** An envelope that is well formed; who signed it, and whether that is true, is not known yet. */
export interface OpenedEnvelope {
  /** SHA-256 of the envelope's text as received: its id on the record. */
  readonly hash: string;
  /** The thumbprint of the key that is said to have signed. */
  readonly kid: string;
  readonly act: ActType;
  readonly payload: ActPayload;
  /** The whole text, as received. */
  readonly jws: string;
  /** Who is said to have logged in to sign it, where it is signed by a login. */
  readonly login?: SignedLogin;
}

/** A signature by a login: `<jws>~<ID token>~<x>`. The key was made for it alone; the token's nonce is the hash of what it signs. */
export interface SignedLogin {
  /** The signed act without what proves its signer. */
  readonly jws: string;
  readonly idToken: IdToken;
  /** The `x` of the Ed25519 key that signed. */
  readonly x: string;
}

/** What opening an envelope came to: its content, or why it is refused. */
export type Opened = { readonly ok: true; readonly envelope: OpenedEnvelope } | { readonly ok: false; readonly refusal: Refusal };

const LIMIT_BYTES = 64 * 1024;
const DEPTH = 8;
const ALGORITHM = 'EdDSA';
const SIGNATURE_BYTES = 64;
const KEY_BYTES = 32;
const AGAIN = 'sign it again with gatehouse';

/** Signs an act: a compact JWS over the canonical JSON of its payload, with a header of exactly alg and kid. */
export async function signEnvelope(payload: ActPayload, key: SigningKey): Promise<string> {
  const { CompactSign } = await import('jose/jws/compact/sign');
  const bytes = new TextEncoder().encode(canonicalJson(payload));
  return new CompactSign(bytes).setProtectedHeader({ alg: ALGORITHM, kid: key.kid }).sign({ ...key.privateJwk });
}

/**
 * Opens an envelope without believing it: size, form, header, canonical bytes and the act's exact fields are checked,
 * the signature is not (see {@link verifySignature}). What cannot be right is refused by name.
 */
export function openEnvelope(text: string): Opened {
  const size = Buffer.byteLength(text);
  if (size > LIMIT_BYTES)
    return refuse({ what: 'envelope is too large', given: `${size} bytes`, allowed: `${LIMIT_BYTES} bytes` }, 'usage');
  const [jws = '', token, x, ...more] = text.split('~', 4);
  const opened = openSigned(jws, text);
  if (token === undefined || !opened.ok) return opened;
  if (x === undefined || more.length > 0 || bytesOf(x)?.length !== KEY_BYTES) {
    return refuse({ what: 'envelope is no signature by a login', allowed: 'act, ID token and public key, with ~ between them' });
  }
  const { kid } = opened.envelope;
  if (ed25519Thumbprint(x) !== kid)
    return refuse({ what: 'public key is not that of the header', given: quoted(x), allowed: kid });
  const idToken = readIdToken(token);
  if (!('claims' in idToken)) return refuse({ ...idToken, next: AGAIN });
  return { ok: true, envelope: { ...opened.envelope, login: { jws, idToken, x } } };
}

function openSigned(jws: string, text: string): Opened {
  const parts = jws.split('.', 4);
  const [header, payload, signature] = parts.map(bytesOf);
  if (parts.length !== 3 || !header || !payload || !signature || header.length === 0 || payload.length === 0) {
    return refuse({ what: 'envelope is no compact JWS', allowed: 'three parts in base64url without padding' });
  }
  if (signature.length !== SIGNATURE_BYTES) {
    return refuse({
      what: signature.length === 0 ? 'signature is missing' : 'signature is not of its form',
      allowed: `${SIGNATURE_BYTES} bytes`,
    });
  }
  const kid = kidOf(header);
  if (typeof kid !== 'string') return kid;
  const read = readPayload(payload);
  if (!read.ok) return read;
  const act = actOfType(read.payload['typ']);
  if (!act) return refuse({ what: 'typ names no act', given: quoted(read.payload['typ']), next: AGAIN });
  const wrong = wrongField(act, read.payload) ?? (read.isEscaped ? unstorableField(read.payload) : undefined);
  if (wrong !== undefined) return refuse({ what: printable(wrong.slice(0, 200)), next: AGAIN });
  return { ok: true, envelope: { hash: sha256(text), kid, act, payload: read.payload as ActPayload, jws: text } };
}

/** Whether an envelope's signature was made by this Ed25519 key over exactly these bytes; false for any other kind of key. */
export async function verifySignature(jws: string, publicJwk: JWK): Promise<boolean> {
  const { kty, crv, x } = publicJwk;
  if (kty !== 'OKP' || crv !== 'Ed25519' || typeof x !== 'string') return false;
  const { compactVerify } = await import('jose/jws/compact/verify');
  try {
    await compactVerify(jws, await imported(x), { algorithms: [ALGORITHM] });
    return true;
  } catch {
    return false;
  }
}

/** The keys that were used before: importing one takes as long as a signature, and a trail has many by each person. */
const keys = new Map<string, Promise<Awaited<ReturnType<typeof importJWK>>>>();

function imported(x: string): Promise<Awaited<ReturnType<typeof importJWK>>> {
  const known = keys.get(x);
  if (known) return known;
  const key = import('jose/key/import').then((jose) => jose.importJWK({ kty: 'OKP', crv: 'Ed25519', x }, ALGORITHM));
  keys.set(x, key);
  // A key that is none is refused each time it is used.
  key.catch(() => keys.delete(x));
  return key;
}

type Refused = Extract<Opened, { ok: false }>;

function kidOf(bytes: Buffer): string | Refused {
  const text = utf8(bytes);
  const header = text === undefined ? undefined : objectOf(text);
  if (!header) return refuse({ what: 'header is no JSON object' });
  const { alg, kid } = header;
  if (alg !== ALGORITHM) return refuse({ what: 'header alg is not allowed', given: quoted(alg), allowed: ALGORITHM });
  const extra = Object.keys(header).find((name) => name !== 'alg' && name !== 'kid');
  if (extra !== undefined) return refuse({ what: `header ${quoted(extra)} is not allowed`, allowed: 'alg and kid' });
  if (typeof kid !== 'string' || !/^[A-Za-z0-9_-]{43}$/.test(kid)) {
    return refuse({ what: 'header kid is not of its form', given: quoted(kid), allowed: "the key's RFC 7638 thumbprint" });
  }
  // A header that was written otherwise would have names that one reader sees and another does not.
  if (JSON.stringify(header) !== text)
    return refuse({ what: 'header is written ambiguously', allowed: 'alg and kid once each, no spaces' });
  return kid;
}

interface ReadPayload {
  readonly ok: true;
  readonly payload: Readonly<Record<string, unknown>>;
  /** Only an escape can write a character that UTF-8 has no bytes for, or that JSON may not hold as it is. */
  readonly isEscaped: boolean;
}

function readPayload(bytes: Buffer): ReadPayload | Refused {
  const text = utf8(bytes);
  if (text === undefined) return refuse({ what: 'payload is not UTF-8' });
  if (isDeep(text)) return refuse({ what: 'payload is nested too deep', allowed: `${DEPTH} deep` }, 'usage');
  const payload = objectOf(text);
  if (!payload) return refuse({ what: 'payload is no JSON object' });
  if (canonicalOf(payload) !== text) {
    return refuse({ what: 'payload is not canonical', allowed: 'canonical JSON (RFC 8785), each field once', next: AGAIN });
  }
  return { ok: true, payload, isEscaped: text.includes('\\u') };
}

/** The first field whose text the record could not keep as signed, named for the signer. */
function unstorableField(payload: Readonly<Record<string, unknown>>): string | undefined {
  const name = Object.keys(payload).find((field) => /[\0\p{Cs}]/u.test(String(payload[field])));
  return name === undefined ? undefined : `${name} holds a character that no text may hold`;
}

function bytesOf(part: string): Buffer | undefined {
  const bytes = Buffer.from(part, 'base64url');
  // One text for one value: other spellings of the same bytes would be other envelopes with the same signature.
  return bytes.toString('base64url') === part ? bytes : undefined;
}

function utf8(bytes: Buffer): string | undefined {
  return isUtf8(bytes) ? bytes.toString('utf8') : undefined;
}

function objectOf(text: string): Readonly<Record<string, unknown>> | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Record<string, unknown>) : undefined;
  } catch {
    return undefined;
  }
}

function canonicalOf(value: Readonly<Record<string, unknown>>): string | undefined {
  try {
    return canonicalJson(value as JsonValue);
  } catch {
    return undefined;
  }
}

function isDeep(text: string): boolean {
  let depth = 0;
  let isInText = false;
  for (let i = 0; i < text.length && depth <= DEPTH; i++) {
    const sign = text[i];
    if (sign === '"') isInText = !isInText;
    else if (isInText) i += sign === '\\' ? 1 : 0;
    else if (sign === '[' || sign === '{') depth++;
    else if (sign === ']' || sign === '}') depth--;
  }
  return depth > DEPTH;
}

function refuse(why: Omit<Refusal, 'kind'>, kind: 'identity' | 'usage' = 'identity'): Refused {
  return { ok: false, refusal: { kind, ...why } };
}
