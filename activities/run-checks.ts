import { cancellationSignal, heartbeat } from '@temporalio/activity';
import type { Attempt } from '../domain/attempt.js';
import type { CheckName } from '../domain/checks.js';
import { nextOf } from '../domain/lifecycle.js';
import { loadAttempt } from '../platform/attempt.js';
import { inTransaction } from '../platform/pool.js';
import { checks } from './checks/index.js';
import { ensureTrainingDistribution } from './checks/training-distribution.js';
import { BadInput } from './failures.js';
import { measureCheck, type Round } from './measure-check.js';
import type { Deps } from './registry/deps.js';
import { lockAttempt } from './registry/settle.js';
import { loadSubject } from './registry/subject.js';
import { writeVerdict, type NewVerdict } from './registry/verdict.js';

/** Often enough that a run that is ended ends its measurements within seconds. */
const HEARTBEAT_MS = 1_000;

/** How far the checks of a round are, as Temporal shows a heartbeat's details. */
interface Shown {
  readonly measured: readonly CheckName[];
  readonly now: readonly CheckName[];
}

/**
 * Measures what the record calls for, the checks of a round or the re-checks before the change, and puts each verdict on the
 * record as soon as it is there: called again after a kill it goes on with what has none. What is asked for comes from the
 * record alone, so whoever can start an activity gets no re-check before it is due.
 */
export function createRunChecks(deps: Deps) {
  return async function runChecks({ promotionId }: { promotionId: string }): Promise<void> {
    const attempt = await loadAttempt(deps.pool, promotionId);
    if (!attempt) throw new BadInput(`no promotion ${promotionId}`);
    const next = nextOf(attempt);
    if (next.kind !== 'check' && next.kind !== 'recheck') return;
    const phase = next.kind === 'check' ? 'validation' : 'recheck';

    const shown = { measured: [] as CheckName[], now: [] as CheckName[] };
    const show = () => heartbeat(shown satisfies Shown);
    const round: Round = { heartbeat: show };
    const one = async (check: CheckName): Promise<void> => {
      shown.now.push(check);
      const started = Date.now();
      const finding = await measureCheck(deps, attempt, check, round);
      await record(deps, { attempt, phase, finding, tookMs: Date.now() - started });
      if (check === 'data-quality' && finding.verdict === 'pass') await keepDistribution(deps, attempt);
      shown.now.splice(shown.now.indexOf(check), 1);
      shown.measured.push(check);
    };

    const beat = setInterval(show, HEARTBEAT_MS);
    try {
      for (const turn of TURNS) await everyOne(next.checks.filter((check) => turnOf(check) === turn).map(one));
    } finally {
      clearInterval(beat);
    }
  };
}

/** What drift is measured against later: no verdict waits for it, and where it is not made now, it is made when it is needed. */
async function keepDistribution(deps: Deps, { model, version }: Attempt): Promise<void> {
  const subject = await loadSubject(deps.pool, deps.store, model, version);
  if (subject) await ensureTrainingDistribution(deps, subject, cancellationSignal());
}

/** The bytes are looked at before anything is made of them; the load is measured while nothing else is at work. */
const TURNS = ['artifacts', 'side by side', 'load'] as const;

function turnOf(check: CheckName): (typeof TURNS)[number] {
  if (check === 'artifacts') return 'artifacts';
  return checks[check].needs === 'load' ? 'load' : 'side by side';
}

/** Waits for all of them, also where one fails: none is left at work behind an activity that has ended. */
async function everyOne(work: readonly Promise<void>[]): Promise<void> {
  const failed = (await Promise.allSettled(work)).find(({ status }) => status === 'rejected');
  if (failed?.status === 'rejected') throw failed.reason;
}

async function record({ pool }: Deps, verdict: NewVerdict): Promise<void> {
  const { attempt, phase, finding } = verdict;
  await inTransaction(pool, async (tx) => {
    const now = await lockAttempt(tx, attempt.promotionId);
    // Measured for a round that is over, or already answered by another delivery: the verdict would be about nothing.
    if (now.round === attempt.round && isOpen(now, phase, finding.check)) await writeVerdict(tx, verdict);
  });
}

function isOpen({ state, findings }: Attempt, phase: NewVerdict['phase'], check: CheckName): boolean {
  if (phase === 'recheck') return state === 'staging';
  // Another policy opens a round in staging.
  return (state === 'validating' || state === 'staging') && !findings.some((finding) => finding.check === check);
}
