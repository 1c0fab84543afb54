import { verify } from 'node:crypto';
import { z } from 'zod';
import { SHA256 } from '../../../domain/ids.js';
import { sha256 } from '../../../platform/digest.js';
import type { ManifestFile } from '../../../platform/package.js';
import { readSpki } from '../../../platform/spki.js';

const PAYLOAD_TYPE = 'application/vnd.in-toto+json';
const BUNDLE_NAME = /(^|\/)model\.sig$|\.sigstore(\.json)?$/i;

/** The most bytes that are read of a file to see whether it is a signature. */
export const BUNDLE_LIMIT_BYTES = 4_000_000;

const bundle = z.looseObject({
  dsseEnvelope: z.looseObject({
    payload: z.base64(),
    payloadType: z.string(),
    signatures: z.array(z.looseObject({ sig: z.base64() })).length(1),
  }),
});
const statement = z.looseObject({
  _type: z.literal('https://in-toto.io/Statement/v1'),
  subject: z.array(z.looseObject({ digest: z.looseObject({ sha256: z.string() }) })).length(1),
  predicateType: z.literal('https://model_signing/signature/v1.0'),
  predicate: z.looseObject({
    serialization: z.looseObject({ method: z.literal('files') }),
    resources: z.array(z.looseObject({ name: z.string(), algorithm: z.literal('sha256'), digest: z.string().regex(SHA256) })),
  }),
});

/** Whether a file is called as signatures are: then it has to be one. */
export function isNamedAsBundle(path: string): boolean {
  return BUNDLE_NAME.test(path);
}

/** Whether a file is a signature of the package by its name, or by what is in it. */
export function isBundle(path: string, bytes: Buffer): boolean {
  if (isNamedAsBundle(path)) return true;
  const value = parsed(bytes);
  return typeof value === 'object' && value !== null && Object.hasOwn(value, 'dsseEnvelope');
}

/**
 * Verifies an OpenSSF model signature: a DSSE envelope over an in-toto statement that has the SHA-256 of each file. It must
 * be made with one of the keys and cover every file but those left out, and nothing else. Answers the name of the key, or
 * why it does not verify.
 */
export function verifyBundle(
  bytes: Buffer,
  keys: Readonly<Record<string, string>>,
  files: readonly ManifestFile[],
  leftOut: readonly string[],
): { readonly key: string } | { readonly wrong: string } {
  const envelope = bundle.safeParse(parsed(bytes)).data?.dsseEnvelope;
  if (!envelope) return { wrong: 'is no signature bundle with a DSSE envelope and one signature' };
  if (envelope.payloadType !== PAYLOAD_TYPE) return { wrong: 'does not sign an in-toto statement' };
  const payload = Buffer.from(envelope.payload, 'base64');
  const signature = Buffer.from(envelope.signatures[0]?.sig ?? '', 'base64');
  const key = Object.keys(keys).find((name) => isSignedBy(keys[name] ?? '', payload, signature));
  if (key === undefined) return { wrong: 'is signed by none of the keys that the policy names' };
  const signed = statement.safeParse(parsed(payload)).data;
  if (!signed) return { wrong: 'does not sign a list of files with their SHA-256' };
  const { resources } = signed.predicate;
  const root = sha256(Buffer.concat(resources.map(({ digest }) => Buffer.from(digest, 'hex'))));
  if (signed.subject[0]?.digest.sha256 !== root) return { wrong: 'signs another list of files than it shows' };
  const wrong = differences(resources, files, leftOut);
  return wrong.length > 0 ? { wrong: wrong.slice(0, 5).join('; ') } : { key };
}

function isSignedBy(spki: string, payload: Buffer, signature: Buffer): boolean {
  const verifying = readSpki(spki);
  if (!verifying) return false;
  const start = `DSSEv1 ${Buffer.byteLength(PAYLOAD_TYPE)} ${PAYLOAD_TYPE} ${payload.length} `;
  return verify(verifying.hash, Buffer.concat([Buffer.from(start), payload]), verifying.key, signature);
}

function differences(
  resources: readonly { name: string; digest: string }[],
  files: readonly ManifestFile[],
  leftOut: readonly string[],
): string[] {
  const signed = new Map(resources.map(({ name, digest }) => [name, digest]));
  if (signed.size !== resources.length) return ['signs a file twice'];
  const changed = files.flatMap(({ path, sha256: digest }) => {
    const given = signed.get(path);
    if (given === undefined) return leftOut.includes(path) ? [] : [`does not sign ${path}`];
    return given === digest ? [] : [`signs ${path} with another SHA-256 ${given}`];
  });
  const paths = new Set(files.map(({ path }) => path));
  return [...changed, ...resources.filter(({ name }) => !paths.has(name)).map(({ name }) => `signs ${name}, which is not there`)];
}

function parsed(bytes: Buffer): unknown {
  try {
    return JSON.parse(bytes.toString('utf8')) as unknown;
  } catch {
    return undefined;
  }
}
