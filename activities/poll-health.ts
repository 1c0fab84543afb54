import { cancellationSignal, heartbeat } from '@temporalio/activity';
import { ApplicationFailure } from '@temporalio/common';
import type { Attempt } from '../domain/attempt.js';
import { baselineOf } from '../domain/baseline.js';
import { canonicalJson, type JsonValue } from '../domain/canonical.js';
import { roundOfReset } from '../domain/rounds.js';
import { earnedAfter, stretchOf, type Health } from '../domain/soak.js';
import { monitoringMissing, stagingVerdict } from '../domain/staging-health.js';
import { loadAttempt } from '../platform/attempt.js';
import { printable } from '../platform/files/quoted.js';
import { inTransaction, type Tx } from '../platform/pool.js';
import type { WindowFigures } from '../platform/read/live.js';
import { firstHoldoutRow } from './checks/holdout.js';
import { probeArtifact } from './health-probe.js';
import type { Deps } from './registry/deps.js';
import { sendOut } from './notify/notices.js';
import { openRound } from './registry/round.js';
import { lockAttempt, settle } from './registry/settle.js';
import { loadSubject, PackageDamaged } from './registry/subject.js';
import { loggable } from './failures.js';
import { reasonOf } from './watch/look.js';
import { readLive } from './watch/read-live.js';
import { createTrainingOf, type TrainingOf } from './watch/training-of.js';

const HEARTBEAT_MS = 5_000;
/** Two looks are never closer than this, however soon something is due. */
const LEAST_PAUSE_MS = 1_000;

interface Look {
  readonly verdict: Health;
  readonly reason: string;
  readonly tookMs: number;
  /** Why drift monitoring is not configured; empty when it is, null where nobody could look. */
  readonly monitoring: string | null;
  readonly figures: WindowFigures | null;
}

/**
 * One look at a soaking version: probes it, writes the window it speaks for, and fails benignly to be called again,
 * or returns when the record needs something done. Any number of looks costs the run three events.
 */
export function createPollHealth(deps: Deps) {
  const trainingOf = createTrainingOf(deps);
  return async function pollHealth(input: { promotionId: string }): Promise<void> {
    const attempt = await loadAttempt(deps.pool, input.promotionId);
    if (attempt?.state !== 'staging') return;
    const beat = setInterval(heartbeat, HEARTBEAT_MS);
    let look: Look;
    try {
      look = await probe(deps, attempt, trainingOf);
    } finally {
      clearInterval(beat);
    }
    const next = await inTransaction(deps.pool, async (tx) => {
      await writeWindow(tx, await lockAttempt(tx, attempt.promotionId), look);
      return settle(tx, attempt.promotionId);
    });
    await sendOut(deps, next.notices);
    if (next.next.kind !== 'wait' || !next.next.probe) return;
    const dueInMs = next.next.until === null ? Infinity : next.next.until - next.attempt.now;
    throw ApplicationFailure.create({
      type: 'NextLook',
      message: look.verdict,
      category: 'BENIGN',
      nextRetryDelay: Math.max(LEAST_PAUSE_MS, Math.min(attempt.policy.watch.every, dueInMs)),
    });
  };
}

async function probe(deps: Deps, attempt: Attempt, trainingOf: TrainingOf): Promise<Look> {
  const { pool, store, models, log } = deps;
  const started = Date.now();
  try {
    const subject = await loadSubject(pool, store, attempt.model, attempt.version);
    if (!subject) throw new Error(`${attempt.model} ${attempt.version} is not registered`);
    const artifact = await probeArtifact({
      store,
      models,
      subject,
      policy: attempt.policy,
      row: () => firstHoldoutRow(store, subject, cancellationSignal()),
      signal: cancellationSignal(),
    });
    const { model, version, policy, findings } = attempt;
    const training = await trainingOf({ model, version }, subject, cancellationSignal());
    const live = await readLive(
      deps,
      { model, version, policy, baseline: baselineOf(findings), training, labelled: [] },
      cancellationSignal(),
    );
    const { figures, severity } = live;
    return {
      ...stagingVerdict(artifact, { service: figures.service, severity, reason: reasonOf(live) }, policy),
      monitoring: monitoringMissing(figures, training !== undefined),
      figures,
      tookMs: Date.now() - started,
    };
  } catch (error) {
    cancellationSignal().throwIfAborted();
    const nothing = { monitoring: null, figures: null, tookMs: Date.now() - started };
    if (error instanceof PackageDamaged) return { verdict: 'critical', reason: error.message, ...nothing };
    log('warn', 'staging health could not be read', { promotionId: attempt.promotionId, ...loggable(error) });
    return { verdict: 'unknown', reason: error instanceof Error ? error.message : String(error), ...nothing };
  }
}

async function writeWindow(tx: Tx, attempt: Attempt, { verdict, reason, tookMs, monitoring, figures }: Look): Promise<void> {
  if (attempt.state !== 'staging' || !attempt.soak) return;
  const stretch = stretchOf(attempt.soak, attempt.now, attempt.policy);
  const earnedMs = earnedAfter(attempt.soak, { ...stretch, verdict }, attempt.policy);
  await tx.query(
    `INSERT INTO performance_window (promotion_id, from_at, to_at, verdict, reason, earned_ms, took_ms, monitoring, figures)
     VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)`,
    [
      attempt.promotionId,
      new Date(stretch.from).toISOString(),
      new Date(stretch.to).toISOString(),
      verdict,
      // A runtime's words hold names out of the model.
      printable(reason),
      earnedMs,
      tookMs,
      monitoring,
      figures && canonicalJson(figures as unknown as JsonValue),
    ],
  );
  const round = roundOfReset(attempt, { earnedMs, why: reason });
  if (round) await openRound(tx, attempt, round);
}
