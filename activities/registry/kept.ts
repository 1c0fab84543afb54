import { canonicalJson, type JsonValue } from '../../domain/canonical.js';
import type { OpenedEnvelope } from '../../platform/envelope.js';
import { appendAudit } from '../../platform/audit.js';
import { keptAnswer } from '../../platform/kept-answer.js';
import type { Tx } from '../../platform/pool.js';
import type { ActAnswer } from '../../workflows/messages.js';

/** Refusals of one act on one subject by one signer that are kept in full (design §5). */
const REFUSALS_KEPT = 20;

/** The same envelope was put on the record by another delivery meanwhile: its answer is there to be read. */
export class KeptMeanwhile extends Error {
  override readonly name = 'KeptMeanwhile';
}

/** What the same envelope was answered before, if it was received before. */
export async function answerBefore(tx: Tx, hash: string): Promise<ActAnswer | undefined> {
  const answer = await keptAnswer(tx, hash);
  return answer === undefined ? undefined : (JSON.parse(answer) as ActAnswer);
}

interface Kept {
  readonly envelope: Pick<OpenedEnvelope, 'hash' | 'jws'> & { readonly act: string };
  readonly person: string | null;
  readonly at: string;
  readonly subject: string;
  readonly answer: ActAnswer;
}

/**
 * Puts a judged act on the record. Beyond twenty refusals of one act on one subject by one signer, a refusal is counted:
 * its answer stays, so that the same envelope never gets another one, but not its bytes and no audit event.
 * Throws `KeptMeanwhile` when another delivery of the envelope was faster.
 */
export async function keep(tx: Tx, { envelope, person, at, subject, answer }: Kept): Promise<void> {
  const { refusal } = answer;
  const text = canonicalJson(answer as unknown as JsonValue);
  if (refusal && (await hasItsShare(tx, { subject, act: envelope.act, person }))) {
    const counted = await tx.query(
      `INSERT INTO refusal_counted (hash, act, person, subject, received_at, answer) SELECT $1, $2, $3, $4, $5, $6
        WHERE NOT EXISTS (SELECT FROM envelope WHERE hash = $1) ON CONFLICT DO NOTHING`,
      [envelope.hash, envelope.act, person, subject, at, text],
    );
    if (counted.rowCount !== 1) throw new KeptMeanwhile();
    return;
  }
  const kept = await tx.query(
    `INSERT INTO envelope (hash, act, person, subject, jws, received_at, accepted, answer) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
     ON CONFLICT DO NOTHING`,
    [envelope.hash, envelope.act, person, subject, envelope.jws, at, answer.accepted, text],
  );
  if (kept.rowCount !== 1) throw new KeptMeanwhile();
  if (!refusal) return;
  const detail = { act: envelope.act, envelope: envelope.hash, refusal: refusal as unknown as JsonValue };
  await appendAudit(tx, { action: 'act.refused', actor: person ?? 'unknown', subject, detail });
}

async function hasItsShare(
  tx: Tx,
  { subject, act, person }: { subject: string; act: string; person: string | null },
): Promise<boolean> {
  const { rows } = await tx.query<{ kept: number }>(
    `SELECT count(*) AS kept FROM (SELECT 1 FROM envelope
      WHERE subject = $1 AND act = $2 AND person IS NOT DISTINCT FROM $3 AND NOT accepted LIMIT $4) AS share`,
    [subject, act, person, REFUSALS_KEPT],
  );
  return (rows[0]?.kept ?? 0) >= REFUSALS_KEPT;
}
