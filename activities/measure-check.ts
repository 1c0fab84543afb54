import { cancellationSignal, sleep } from '@temporalio/activity';
import type { Attempt } from '../domain/attempt.js';
import type { CheckName, Finding } from '../domain/checks.js';
import { CannotMeasure } from './checks/cannot-measure.js';
import type { CheckContext, UnderLoad } from './checks/check.js';
import { checks } from './checks/index.js';
import type { CheckSubject } from './checks/subject.js';
import { underLoad } from './checks/under-load.js';
import { BadInput, classify, loggable } from './failures.js';
import { damagedFinding } from './registry/damage.js';
import type { Deps } from './registry/deps.js';
import { loadSubject, PackageDamaged } from './registry/subject.js';

const PAUSE_BEFORE_RETRY_MS = 1_000;

/** What the checks of one round share while they are measured side by side. */
export interface Round {
  readonly heartbeat: () => void;
  /** The first run under load; a check that tries again makes another. */
  load?: Promise<UnderLoad>;
}

/**
 * Measures one check of an attempt, trying again as often as the policy says; then it is an `error`, which is never a pass
 * (rules §2). Throws when cancelled, and where the record is away: that is no measurement.
 */
export async function measureCheck(deps: Deps, attempt: Attempt, check: CheckName, round: Round): Promise<Finding> {
  for (let tries = 1; ; tries += 1) {
    try {
      const context = await contextOf(deps, attempt, check, round);
      const load = tries === 1 ? () => (round.load ??= underLoad(context)) : () => underLoad(context);
      return await checks[check].run({ ...context, underLoad: load });
    } catch (error) {
      cancellationSignal().throwIfAborted();
      if (classify(error) === 'away') throw error;
      // No check of a package that cannot be read is able to run; the one that asks whether it is intact has its answer.
      if (error instanceof PackageDamaged && check === 'artifacts') return damagedFinding(attempt, error.message);
      if (error instanceof CannotMeasure || tries > attempt.policy.checks.retries) return couldNotMeasure(check, error, tries);
      deps.log('warn', 'a check could not be measured', { check, promotionId: attempt.promotionId, tries, ...loggable(error) });
      await sleep(PAUSE_BEFORE_RETRY_MS);
    }
  }
}

async function contextOf(
  deps: Deps,
  attempt: Attempt,
  check: CheckName,
  { heartbeat }: Round,
): Promise<Omit<CheckContext, 'underLoad'>> {
  const { pool, store, models, data } = deps;
  const subject = await loadSubject(pool, store, attempt.model, attempt.version);
  if (!subject) throw new BadInput(`${attempt.model} ${attempt.version} is not registered`);
  return {
    store,
    models,
    data,
    subject,
    production: checks[check].needs === 'production' ? await productionOf(deps, attempt) : null,
    policy: attempt.policy,
    now: attempt.now,
    signal: cancellationSignal(),
    heartbeat,
  };
}

async function productionOf({ pool, store }: Deps, { model, production }: Attempt): Promise<CheckSubject | null> {
  if (production === null) return null;
  const subject = await loadSubject(pool, store, model, production).catch((error: unknown) => {
    // Said of the version in production, and not of the one that is checked.
    if (error instanceof PackageDamaged)
      throw new Error(`${production}, which is in production: ${error.message}`, { cause: error });
    throw error;
  });
  if (!subject) throw new Error(`${production} was put into production last, and its row is not on the record`);
  return subject;
}

function couldNotMeasure(check: CheckName, error: unknown, tries: number): Finding {
  const often = tries === 1 ? '' : ` in ${tries} tries`;
  const reason = `could not be measured${often}: ${error instanceof Error ? error.message : String(error)}`;
  return { check, verdict: 'error', measured: {}, limit: {}, source: 'gatehouse', reason };
}
