import { heartbeat, cancellationSignal, sleep } from '@temporalio/activity';
import type { Attempt } from '../domain/attempt.js';
import { nextOf } from '../domain/lifecycle.js';
import type { CheckName, Finding } from '../domain/checks.js';
import { loadAttempt } from '../platform/attempt.js';
import { inTransaction } from '../platform/pool.js';
import { checks } from './checks/index.js';
import type { CheckContext } from './checks/check.js';
import { BadInput, classify } from './failures.js';
import { damagedFinding } from './registry/damage.js';
import type { Deps } from './registry/deps.js';
import { lockAttempt } from './registry/settle.js';
import { loadSubject, PackageDamaged } from './registry/subject.js';
import { writeVerdict, type NewVerdict } from './registry/verdict.js';

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
    // Whoever can start an activity may ask for a re-check at any time; one that is made early would pass for a fresh one.
    if (!isAskedFor(attempt, input) || (phase === 'recheck' && nextOf(attempt).kind !== 'recheck')) return;
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
  // Another policy opens a round in staging.
  return (state === 'validating' || state === 'staging') && !findings.some((finding) => finding.check === check);
}

async function measured(deps: Deps, attempt: Attempt, check: CheckName): Promise<Finding> {
  for (let tries = 1; ; tries += 1) {
    try {
      return await checks[check].run(await contextOf(deps, attempt, check));
    } catch (error) {
      cancellationSignal().throwIfAborted();
      if (classify(error) === 'away') throw error;
      // No check of a package that cannot be read is able to run; the one that asks whether it is intact has its answer.
      if (error instanceof PackageDamaged && check === 'artifacts') return damagedFinding(attempt, error.message);
      if (tries > attempt.policy.checks.retries) return couldNotMeasure(check, error, tries);
      deps.log('warn', 'a check could not be measured', { check, promotionId: attempt.promotionId, tries, error: String(error) });
      await sleep(PAUSE_BEFORE_RETRY_MS);
    }
  }
}

async function contextOf({ pool, store, models, data }: Deps, attempt: Attempt, check: CheckName): Promise<CheckContext> {
  const subject = await loadSubject(pool, store, attempt.model, attempt.version);
  if (!subject) throw new BadInput(`${attempt.model} ${attempt.version} is not registered`);
  const production = attempt.production === null ? null : await loadSubject(pool, store, attempt.model, attempt.production);
  if (!production && production !== null && check === 'not-worse-than-production')
    throw new Error(`${attempt.production} was put into production last, and its row is not on the record`);
  return {
    store,
    models,
    data,
    subject,
    production: production ?? null,
    policy: attempt.policy,
    now: attempt.now,
    signal: cancellationSignal(),
    heartbeat,
  };
}

function couldNotMeasure(check: CheckName, error: unknown, tries: number): Finding {
  const reason = `could not be measured in ${tries} tries: ${error instanceof Error ? error.message : String(error)}`;
  return { check, verdict: 'error', measured: {}, limit: {}, source: 'gatehouse', reason };
}

async function record({ pool }: Deps, verdict: NewVerdict): Promise<void> {
  const { attempt, phase, finding } = verdict;
  await inTransaction(pool, async (tx) => {
    const now = await lockAttempt(tx, attempt.promotionId);
    // Measured for a round that is over, or already answered by another delivery: the verdict would be about nothing.
    if (now.round !== attempt.round || !isAskedFor(now, { promotionId: now.promotionId, check: finding.check, phase })) return;
    await writeVerdict(tx, verdict);
  });
}
