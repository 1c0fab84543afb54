import { CancellationScope, isCancellation } from '@temporalio/workflow';
import { health } from './activities.js';

/** Staging health beside the run: started once, looked after by its own activity, stopped when the soak is over. */
export interface StagingHealth {
  /** Starts looking unless it looks already; throws what ended the last look for good. */
  watch(): void;
  /** Stops looking. */
  stop(): void;
}

/** Looks at a soaking version until the record needs something done, which `onChange` reports. */
export function stagingHealth(promotionId: string, onChange: () => void): StagingHealth {
  let running: CancellationScope | null = null;
  let failure: unknown = null;

  async function look(scope: CancellationScope): Promise<void> {
    try {
      await scope.run(() => health.pollHealth({ promotionId }));
    } catch (error) {
      if (!isCancellation(error)) failure = error;
    } finally {
      if (running === scope) running = null;
      onChange();
    }
  }

  return {
    watch() {
      if (failure !== null) throw failure;
      if (running) return;
      running = new CancellationScope();
      void look(running);
    },
    stop() {
      running?.cancel();
      running = null;
    },
  };
}
