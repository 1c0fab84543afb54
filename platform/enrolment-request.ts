import { canonicalJson } from '../domain/canonical.js';
import { verifySignature } from './envelope.js';
import { quoted } from './files/quoted.js';
import { thumbprint, type SigningKey } from './keys.js';

/** Who asks to be enrolled with which key: signed with that key, so that whoever asks is shown to have it. */
export interface EnrolmentRequest {
  readonly email: string;
  readonly name: string;
  readonly kid: string;
  readonly publicJwk: { readonly kty: 'OKP'; readonly crv: 'Ed25519'; readonly x: string };
}

/** A request as it was read, or what is wrong with it. */
export type OpenedRequest =
  { readonly ok: true; readonly request: EnrolmentRequest } | { readonly ok: false; readonly why: string };

const TYPE = 'gatehouse-enrolment-request/v1';
const FIELDS = 'email,name,typ,x';

/** Asks for a key's enrolment: a compact JWS over e-mail, printed name and the key itself, signed with the key. */
export async function signRequest(who: { readonly email: string; readonly name: string }, key: SigningKey): Promise<string> {
  const { CompactSign } = await import('jose/jws/compact/sign');
  const payload = canonicalJson({ typ: TYPE, email: who.email, name: who.name, x: key.publicJwk.x });
  return new CompactSign(new TextEncoder().encode(payload))
    .setProtectedHeader({ alg: 'EdDSA', kid: key.kid })
    .sign({ ...key.privateJwk });
}

/** Reads a request and believes nothing of it that its own key has not signed. */
export async function openRequest(jws: string): Promise<OpenedRequest> {
  const [header, payload] = jws.split('.').slice(0, 2).map(objectOf);
  if (!header || !payload) return { ok: false, why: 'it is no enrolment request' };
  const { typ, email, name, x } = payload;
  if (typ !== TYPE || Object.keys(payload).sort().join() !== FIELDS)
    return { ok: false, why: `it is no enrolment request but ${quoted(typ)}` };
  if (typeof email !== 'string' || typeof name !== 'string' || typeof x !== 'string' || !/^[A-Za-z0-9_-]{43}$/.test(x))
    return { ok: false, why: 'a field of it is not of its form' };
  const publicJwk = { kty: 'OKP', crv: 'Ed25519', x } as const;
  const kid = await thumbprint({ ...publicJwk });
  if (header['alg'] !== 'EdDSA' || header['kid'] !== kid || Object.keys(header).length !== 2)
    return { ok: false, why: 'its header is not of its key' };
  // Written otherwise, the record would read another key out of it than this does.
  if (canonicalJson({ typ: TYPE, email, name, x }) !== textOf(jws.split('.')[1]))
    return { ok: false, why: 'it is not canonical' };
  if (!(await verifySignature(jws, publicJwk))) return { ok: false, why: 'its key has not signed it' };
  return { ok: true, request: { email, name, kid, publicJwk } };
}

function textOf(part = ''): string {
  return Buffer.from(part, 'base64url').toString('utf8');
}

function objectOf(part: string): Readonly<Record<string, unknown>> | undefined {
  try {
    const value: unknown = JSON.parse(textOf(part));
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Record<string, unknown>) : undefined;
  } catch {
    return undefined;
  }
}
