import { CancellationScope, isCancellation, sleep } from '@temporalio/workflow';

/** Two moments closer than this are one: the record's clock and the run's are never read at the same instant. */
const SAME_MOMENT_MS = 1_000;

/** The one timer of a run: it rings when something may be due, and decides nothing. */
export interface Alarm {
  /** Rings in `waitMs`, or never when null; a timer that rings at that moment anyway is left alone. */
  readonly set: (waitMs: number | null, summary: string) => void;
}

/** An alarm that calls `onRing`. Set again for another moment it forgets the one before. */
export function createAlarm(onRing: () => void): Alarm {
  let ringing: { scope: CancellationScope; at: number } | null = null;

  async function ring(scope: CancellationScope, waitMs: number, summary: string): Promise<void> {
    try {
      await scope.run(() => sleep(waitMs, { summary }));
    } catch (error) {
      if (isCancellation(error)) return;
      throw error;
    }
    ringing = null;
    onRing();
  }

  return {
    set(waitMs, summary) {
      const at = waitMs === null ? null : Date.now() + waitMs;
      if (at !== null && ringing !== null && Math.abs(ringing.at - at) < SAME_MOMENT_MS) return;
      ringing?.scope.cancel();
      ringing = null;
      if (at === null || waitMs === null) return;
      const scope = new CancellationScope();
      ringing = { scope, at };
      void ring(scope, waitMs, summary);
    },
  };
}
