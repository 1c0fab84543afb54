import type { JWK } from 'jose';
import { canonicalJson } from '../domain/canonical.js';
import { markEvery, markOf } from '../domain/checkpoint.js';
import type { Refusal } from '../domain/refusal.js';
import { sha256 } from './digest.js';
import { openEnvelope, verifySignature, type OpenedEnvelope } from './envelope.js';
import { thumbprint } from './keys.js';
import type { Db } from './pool.js';

/** A checkpoint as it is kept elsewhere: what was signed, who can be held to it, and what tells where a trail went another way. */
export interface Checkpoint {
  readonly envelope: string;
  /** The signer's public key. */
  readonly key: JWK;
  /** The marks of the events whose number {@link markEvery} divides; the envelope carries their digest. */
  readonly marks: readonly string[];
}

/** A checkpoint whose signature and marks hold; `seq` and `head` are the last event it speaks for and that event's hash. */
export interface OpenedCheckpoint extends Checkpoint {
  readonly signed: OpenedEnvelope;
  readonly seq: number;
  readonly head: string;
}

const FORM = 'gatehouse-checkpoint-file/v1';

/** The marks of the first `seq` events of the trail. */
export async function readMarks(db: Db, seq: number): Promise<string[]> {
  const { rows } = await db.query<{ hash: string }>(
    `SELECT encode(hash, 'hex') AS hash FROM audit_event WHERE seq BETWEEN 1 AND $1::bigint AND seq % $2::bigint = 0 ORDER BY seq`,
    [seq, markEvery(seq)],
  );
  return rows.map(({ hash }) => markOf(hash));
}

/** The digest of marks that a checkpoint's envelope carries. */
export function marksDigest(marks: readonly string[]): string {
  return sha256(canonicalJson(marks));
}

/** A checkpoint as the file says it in which it is kept. */
export function checkpointFile({ envelope, key: { kty = '', crv = '', x = '' }, marks }: Checkpoint) {
  return { form: FORM, envelope, key: { kty, crv, x }, marks };
}

/** Reads a kept checkpoint, by itself or in what `--json` printed; refused as `usage` when it is none, and as `identity` when signature or marks do not hold. */
export async function openCheckpoint(text: string): Promise<OpenedCheckpoint | { readonly refusal: Refusal }> {
  const kept = parsed(text);
  if (!kept) {
    const next = 'name the file that gatehouse audit checkpoint wrote';
    return { refusal: { kind: 'usage', what: 'the file is no checkpoint', allowed: FORM, next } };
  }
  const opened = openEnvelope(kept.envelope);
  if (!opened.ok) return { refusal: opened.refusal };
  const { envelope: signed } = opened;
  if (signed.act !== 'checkpoint') return damaged('it holds another signed act', signed.act);
  if ((await thumbprint(kept.key)) !== signed.kid || !(await verifySignature(kept.envelope, kept.key)))
    return damaged("the signature is not that of the file's key", signed.kid);
  const digest = marksDigest(kept.marks);
  if (digest !== signed.payload['marks']) return damaged('its marks are not those that were signed', digest);
  return { ...kept, signed, seq: Number(signed.payload['seq']), head: String(signed.payload['head']) };
}

function damaged(what: string, given: string): { readonly refusal: Refusal } {
  const next = 'take another copy, and find out who changed this one';
  return { refusal: { kind: 'identity', what: `the checkpoint was changed: ${what}`, given, next } };
}

function parsed(text: string): Checkpoint | undefined {
  try {
    const document = JSON.parse(text) as Record<string, unknown>;
    const { form, envelope, key, marks } = (document['checkpoint'] ?? document) as Record<string, unknown>;
    const { kty, crv, x } = key as JWK;
    const isWhole = form === FORM && typeof envelope === 'string' && Array.isArray(marks) && typeof x === 'string';
    if (!isWhole || kty !== 'OKP' || crv !== 'Ed25519' || !marks.every((mark) => typeof mark === 'string')) return undefined;
    return { envelope, key: { kty, crv, x }, marks };
  } catch {
    return undefined;
  }
}
