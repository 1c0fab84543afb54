import { GATEHOUSE } from '../../domain/audit.js';
import type { Attempt } from '../../domain/attempt.js';
import { nextOf, type Next } from '../../domain/lifecycle.js';
import type { Stage } from '../../domain/progress.js';
import { loadAttempt } from '../../platform/attempt.js';
import { nextAuditBody } from '../../platform/audit.js';
import { inTransaction, type Tx } from '../../platform/pool.js';
import { dueNotices } from '../../domain/reminders.js';
import { BadInput } from '../failures.js';
import { sendOut, writeNotices } from '../notify/notices.js';
import type { Deps } from './deps.js';
import { openRound } from './round.js';

/** An attempt whose stage is settled, and what it needs next. */
export interface Settled {
  readonly attempt: Attempt;
  readonly next: Exclude<Next, { kind: 'enter' | 'open-round' }>;
  /** The keys of the notices written on the way, to be sent out after the commit. */
  readonly notices: readonly string[];
}

/**
 * Takes the model's lock for the rest of the transaction, and answers the attempt as it stands then.
 * Whoever writes to a model's versions or attempts holds this lock first; people's and the audit head's are taken without it.
 */
export async function lockAttempt(tx: Tx, promotionId: string): Promise<Attempt> {
  await tx.query('SELECT lock_model(m.name) FROM promotion p JOIN model_registry m ON m.id = p.model_id WHERE p.id = $1', [
    promotionId,
  ]);
  // A revocation comes before or after whatever these decisions bring about, never in between.
  await tx.query('SELECT lock_signers($1)', [promotionId]);
  const attempt = await loadAttempt(tx, promotionId);
  if (!attempt) throw new BadInput(`no promotion ${JSON.stringify(promotionId).slice(0, 200)} on the record`);
  return attempt;
}

/** Makes every change of stage, every new round and every notice that is due, under the model's lock, and answers what is needed next. */
export async function settle(tx: Tx, promotionId: string): Promise<Settled> {
  for (;;) {
    const attempt = await lockAttempt(tx, promotionId);
    const next = nextOf(attempt);
    if (next.kind === 'open-round') {
      await openRound(tx, attempt, next);
      continue;
    }
    if (next.kind !== 'enter') return { attempt, next, notices: await writeNotices(tx, dueNotices(attempt)) };
    await enterStage(tx, attempt, next.to, next.reason);
  }
}

async function enterStage(tx: Tx, attempt: Attempt, to: Stage, reason: string): Promise<void> {
  const { promotionId, state: from } = attempt;
  const { model, version, round, evidenceDigest: evidence } = attempt;
  const detail = { from, to, reason, model, version, round, evidence };
  await changeStage(tx, { promotionId, from, to, reason, actor: GATEHOUSE, detail });
}

/** One change of stage that does not touch production, with its audit event. */
export async function changeStage(
  tx: Tx,
  change: {
    readonly promotionId: string;
    readonly from: Stage;
    readonly to: Stage;
    readonly reason: string;
    readonly actor: string;
    readonly detail: Readonly<Record<string, string | number | null>>;
  },
): Promise<void> {
  const { promotionId, from, to, reason, actor, detail } = change;
  const body = await nextAuditBody(tx, { action: 'stage.changed', actor, subject: promotionId, detail });
  await tx.query('SELECT change_stage($1, $2, $3, $4, $5)', [promotionId, from, to, reason, body]);
}

/** Settles an attempt in a transaction of its own, and sends out what there was to tell. */
export async function settled(deps: Pick<Deps, 'pool' | 'runs' | 'log'>, promotionId: string): Promise<Settled> {
  const now = await inTransaction(deps.pool, (tx) => settle(tx, promotionId));
  await sendOut(deps, now.notices);
  return now;
}
