import { createHash } from 'node:crypto';
import type { JWK } from 'jose';
import type { Claims } from '../domain/login.js';
import type { Refusal } from '../domain/refusal.js';
import { quoted } from './files/quoted.js';

/** An ID token (a signed JWT) that is well formed; whether anybody's signature is under it is not known yet. */
export interface IdToken {
  readonly text: string;
  readonly alg: string;
  /** The name that the issuer gives the key which signed it. */
  readonly kid: string;
  readonly claims: Claims;
}

/** What a token may be signed with: signatures only, never a shared secret and never nothing. */
export const ALGORITHMS = ['RS256', 'PS256', 'ES256', 'EdDSA'] as const;

/** The members of a public key that make it the key it is (RFC 7638), by what it is for; nothing else of it is believed. */
const MEMBERS: Readonly<Record<string, readonly string[]>> = {
  RSA: ['e', 'kty', 'n'],
  EC: ['crv', 'kty', 'x', 'y'],
  OKP: ['crv', 'kty', 'x'],
};
const KEY_TYPE: Readonly<Record<string, readonly [kty: string, crv?: string]>> = {
  RS256: ['RSA'],
  PS256: ['RSA'],
  ES256: ['EC', 'P-256'],
  EdDSA: ['OKP', 'Ed25519'],
};

/** Reads an ID token without believing it, or says why it is none. */
export function readIdToken(text: string): IdToken | Omit<Refusal, 'kind'> {
  const parts = text.split('.', 4);
  const [header, claims, signature] = parts.map(bytesOf);
  const head = header && objectOf(header);
  const said = claims && objectOf(claims);
  if (parts.length !== 3 || !head || !said || !signature) return { what: 'ID token', allowed: 'a signed JWT in compact form' };
  const { alg, kid, crit } = head;
  if (typeof alg !== 'string' || !(ALGORITHMS as readonly string[]).includes(alg))
    return { what: 'ID token alg', given: quoted(alg), allowed: ALGORITHMS.join(', ') };
  if (typeof kid !== 'string' || !/^[\x21-\x7e]{1,255}$/.test(kid))
    return { what: 'ID token kid', given: quoted(kid), allowed: "the name of one of the provider's keys" };
  if (crit !== undefined) return { what: 'ID token crit', given: quoted(crit), allowed: 'none' };
  return { text, alg, kid, claims: said };
}

/** The nonce that binds a login to what is signed by it: base64url of the SHA-256 of a JWS's signing input. */
export function nonceOver(jws: string): string {
  const signingInput = jws.slice(0, jws.lastIndexOf('.'));
  return createHash('sha256').update(signingInput).digest('base64url');
}

/** The RFC 7638 thumbprint of an Ed25519 key that is known by its `x`. */
export function ed25519Thumbprint(x: string): string {
  return createHash('sha256').update(`{"crv":"Ed25519","kty":"OKP","x":"${x}"}`).digest('base64url');
}

/** The public key in an issuer's JWK, without anything that is not part of it; undefined for what may not sign under `alg`. */
export function issuerKeyFor(alg: string, jwk: Readonly<Record<string, unknown>>): JWK | undefined {
  const [kty, crv] = KEY_TYPE[alg] ?? [];
  if (kty === undefined || jwk['kty'] !== kty || (crv !== undefined && jwk['crv'] !== crv)) return undefined;
  if ((jwk['use'] ?? 'sig') !== 'sig' || (jwk['alg'] ?? alg) !== alg) return undefined;
  const members = MEMBERS[kty] ?? [];
  if (!members.every((name) => typeof jwk[name] === 'string')) return undefined;
  return Object.fromEntries(members.map((name) => [name, jwk[name]]));
}

/** Whether this key made the token's signature. */
export async function isSignedWith({ text, alg }: IdToken, jwk: JWK): Promise<boolean> {
  const key = issuerKeyFor(alg, { ...jwk });
  if (!key) return false;
  const { compactVerify } = await import('jose/jws/compact/verify');
  try {
    await compactVerify(text, key, { algorithms: [alg] });
    return true;
  } catch {
    return false;
  }
}

function bytesOf(part: string): Buffer | undefined {
  const bytes = Buffer.from(part, 'base64url');
  return bytes.toString('base64url') === part ? bytes : undefined;
}

function objectOf(bytes: Buffer): Readonly<Record<string, unknown>> | undefined {
  try {
    const value: unknown = JSON.parse(new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes));
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? { ...value } : undefined;
  } catch {
    return undefined;
  }
}
