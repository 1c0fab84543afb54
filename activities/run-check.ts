import { heartbeat, cancellationSignal, sleep } from '@temporalio/activity';
import type { Attempt } from '../domain/attempt.js';
import { findingText, type CheckName, type Finding } from '../domain/checks.js';
import { loadAttempt } from '../platform/attempt.js';
import { inTransaction } from '../platform/pool.js';
import { checks } from './checks/index.js';
import type { CheckContext } from './checks/check.js';
import { BadInput, classify } from './failures.js';
import type { Deps } from './registry/deps.js';
import { lockAttempt } from './registry/settle.js';
import { loadSubject, PackageDamaged } from './registry/subject.js';

const HEARTBEAT_MS = 5_000;
const PAUSE_BEFORE_RETRY_MS = 1_000;

/** Which check of which attempt; a check that has its verdict is not run again. */
export interface RunCheckInput {
  readonly promotionId: string;
  readonly check: CheckName;
  readonly phase: 'validation' | 'recheck';
}

/**
 * Measures one check and puts its verdict on the record. What could not be measured after the policy's retries is an
 * `error`, which is never a pass (rules §2); an absent database is no measurement and is retried by Temporal instead.
 */
export function createRunCheck(deps: Deps) {
  return async function runCheck(input: RunCheckInput): Promise<void> {
    const { promotionId, check, phase } = input;
    if (!Object.hasOwn(checks, check)) throw new Error(`this release has no check ${JSON.stringify(check)}`);
    const attempt = await loadAttempt(deps.pool, promotionId);
    if (!attempt) throw new BadInput(`no promotion ${promotionId}`);
    if (!isAskedFor(attempt, input)) return;
    const started = Date.now();
    const beat = setInterval(heartbeat, HEARTBEAT_MS);
    try {
      const finding = await measured(deps, attempt, check);
      await record(deps, { attempt, phase, finding, tookMs: Date.now() - started });
    } finally {
      clearInterval(beat);
    }
  };
}

function isAskedFor({ state, findings }: Attempt, { check, phase }: RunCheckInput): boolean {
  if (phase === 'recheck') return state === 'staging';
  return state === 'validating' && !findings.some((finding) => finding.check === check);
}

async function measured(deps: Deps, attempt: Attempt, check: CheckName): Promise<Finding> {
  for (let tries = 1; ; tries += 1) {
    try {
      return await checks[check].run(await contextOf(deps, attempt));
    } catch (error) {
      cancellationSignal().throwIfAborted();
      if (classify(error) === 'away') throw error;
      if (error instanceof PackageDamaged && check === 'artifacts') return packageDamaged(attempt, error);
      if (tries > attempt.policy.checks.retries) return couldNotMeasure(check, error, tries);
      deps.log('warn', 'a check could not be measured', { check, promotionId: attempt.promotionId, tries, error: String(error) });
      await sleep(PAUSE_BEFORE_RETRY_MS);
    }
  }
}

async function contextOf({ pool, store, models }: Deps, attempt: Attempt): Promise<CheckContext> {
  const subject = await loadSubject(pool, store, attempt.model, attempt.version);
  if (!subject) throw new BadInput(`${attempt.model} ${attempt.version} is not registered`);
  const production =
    attempt.production === null ? null : ((await loadSubject(pool, store, attempt.model, attempt.production)) ?? null);
  return { store, models, subject, production, policy: attempt.policy, signal: cancellationSignal(), heartbeat };
}

/** No check of a package that cannot be read is able to run; the one that asks whether it is intact has its answer. */
function packageDamaged({ artifactDigest }: Attempt, { message }: PackageDamaged): Finding {
  const source = `the package in the store, against its manifest ${artifactDigest}`;
  return { check: 'artifacts', verdict: 'fail', measured: {}, limit: {}, source, reason: message };
}

function couldNotMeasure(check: CheckName, error: unknown, tries: number): Finding {
  const reason = `could not be measured in ${tries} tries: ${error instanceof Error ? error.message : String(error)}`;
  return { check, verdict: 'error', measured: {}, limit: {}, source: 'gatehouse', reason };
}

interface Measured {
  readonly attempt: Attempt;
  readonly phase: RunCheckInput['phase'];
  readonly finding: Finding;
  readonly tookMs: number;
}

async function record({ pool }: Deps, { attempt, phase, finding, tookMs }: Measured): Promise<void> {
  await inTransaction(pool, async (tx) => {
    const now = await lockAttempt(tx, attempt.promotionId);
    // Measured for a round that is over, or already answered by another delivery: the verdict would be about nothing.
    if (now.round !== attempt.round || !isAskedFor(now, { promotionId: now.promotionId, check: finding.check, phase })) return;
    await tx.query(
      `INSERT INTO check_result (promotion_id, round, phase, check_name, verdict, finding, against_version, took_ms, at)
       VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)`,
      [
        attempt.promotionId,
        attempt.round,
        phase,
        finding.check,
        finding.verdict,
        findingText(finding),
        attempt.production,
        tookMs,
        // When it began: what changed since is not what was measured.
        new Date(attempt.now).toISOString(),
      ],
    );
  });
}
