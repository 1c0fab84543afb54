import { CancellationScope, sleep } from '@temporalio/workflow';

/** So few and so short that who waits for a verdict never waits long behind them. */
const BATCH = { most: 25, length: 256 * 1024 } as const;
/** Between two batches the workflow task ends: only a new one brings what was sent meanwhile. */
const PAUSE_MS = 10;

/** Decisions that were left with a run, for whose verdict nobody waits. */
export interface Pile {
  /** Puts one on the pile; what is on it already is not put there again. Resolves when the pile is empty, if it was before. */
  readonly add: (envelope: string) => Promise<void>;
}

/** A pile that is judged one batch at a time, so that a flood of them holds nobody up who waits. */
export function openPile(judge: (envelopes: readonly string[]) => Promise<void>): Pile {
  const waiting = new Set<string>();
  let isAtWork = false;

  async function work(): Promise<void> {
    isAtWork = true;
    while (waiting.size > 0) {
      await judge(takeBatch(waiting));
      if (waiting.size > 0) await sleep(PAUSE_MS, { summary: 'between decisions left with the run' });
    }
    isAtWork = false;
  }

  return {
    async add(envelope) {
      waiting.add(envelope);
      // Cancelling a run must not lose a decision: what was delivered is judged.
      if (!isAtWork) await CancellationScope.nonCancellable(work);
    },
  };
}

function takeBatch(waiting: Set<string>): string[] {
  const batch: string[] = [];
  let length = 0;
  for (const envelope of waiting) {
    if (batch.length >= BATCH.most || length + envelope.length > BATCH.length) break;
    batch.push(envelope);
    length += envelope.length;
    waiting.delete(envelope);
  }
  return batch;
}
