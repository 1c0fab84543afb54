import { ActivityFailure, ApplicationFailure, proxyActivities, proxyLocalActivities } from '@temporalio/workflow';
import type { Activities } from '../activities/index.js';
import type { AfterChange } from '../activities/registry/after-change.js';
import type { Decided } from '../activities/registry/decide.js';
import type { Judged } from '../activities/registry/judge.js';
import type { Standing } from '../activities/registry/standing.js';

type RecordActivities = Pick<Activities, 'standing' | 'decide' | 'judge' | 'afterChange'>;

/** Short keyed reads and writes of the record: one marker each, given up soon when the record does not answer. */
const near = proxyLocalActivities<RecordActivities>({
  startToCloseTimeout: '10 seconds',
  scheduleToCloseTimeout: '15 seconds',
  retry: { initialInterval: '200 milliseconds', maximumInterval: '2 seconds' },
});

/** The same as normal activities, which outlive an outage of any length in three events; their answers are not believed. */
const far = proxyActivities<RecordActivities>({
  startToCloseTimeout: '30 seconds',
  retry: { initialInterval: '1 second', maximumInterval: '20 seconds' },
  summary: 'the record does not answer yet',
});

/** The record as one run asks it: every call waits out an outage. */
export interface Record {
  /** What the attempt needs now. */
  readonly ask: () => Promise<Standing>;
  /** Has a decision judged. */
  readonly decide: (envelope: string) => Promise<Decided>;
  /** Has decisions judged for whose verdict nobody waits. */
  readonly judge: (envelopes: readonly string[]) => Promise<Judged>;
}

/**
 * The record of one promotion, asked one question at a time. Two local activities under way at once end in two steps when
 * they run and in one step when they are replayed, and what the run does between the two steps is then missing.
 */
export function openRecord(promotionId: string): Record {
  let last: Promise<unknown> = Promise.resolve();

  function inTurn<T>(call: () => Promise<T>): Promise<T> {
    const mine = last.then(call, call);
    last = mine.catch(() => undefined);
    return mine;
  }

  return {
    ask: () => inTurn(() => nearOrFar(({ standing }) => standing({ promotionId }))),
    decide: (envelope) => inTurn(() => nearOrFar(({ decide }) => decide({ promotionId, envelope }))),
    // While the record is away any question tells when it is back; many envelopes do not belong into the history again.
    judge: (envelopes) =>
      inTurn(() =>
        nearOrFar(
          ({ judge }) => judge({ promotionId, envelopes }),
          ({ standing }) => standing({ promotionId }),
        ),
      ),
  };
}

/** What a production change made by hand still needs. */
export function askAboutChange(changeKey: string): Promise<AfterChange> {
  return nearOrFar(({ afterChange }) => afterChange({ changeKey }));
}

/**
 * A normal activity can be completed or failed with anything by whoever reaches the namespace: that it ended says only that
 * the record may answer again, and what it answers is then asked nearby, where nobody comes between.
 */
async function nearOrFar<T>(
  call: (activities: RecordActivities) => Promise<T>,
  probe: (activities: RecordActivities) => Promise<unknown> = call,
): Promise<T> {
  for (;;) {
    try {
      return await call(near);
    } catch (error) {
      const isFinal = !(error instanceof ActivityFailure) || error.retryState === 'NON_RETRYABLE_FAILURE';
      if (isFinal) throw inOneLine(error);
      await probe(far).catch(ended);
    }
  }
}

function ended(error: unknown): void {
  if (!(error instanceof ActivityFailure)) throw error;
}

/** What can never be done ends the run with the reason itself, not with a failed activity around it. */
function inOneLine(error: unknown): unknown {
  const cause = error instanceof ActivityFailure ? error.cause : undefined;
  return cause instanceof ApplicationFailure ? ApplicationFailure.nonRetryable(cause.message, cause.type) : error;
}
