import { setTimeout as delay } from 'node:timers/promises';
import { launch, type Launch, type Running } from './process.js';
import type { StartOptions } from './start-options.js';

const FIRST_PAUSE_MS = 1_000;
const LONGEST_PAUSE_MS = 30_000;
const CALM_MS = 60_000;

/**
 * Starts a process and starts it again whenever it ends unasked, after a pause that doubles from 1 s to 30 s;
 * resolves when it is ready for the first time, and throws when that fails.
 */
export async function keepRunning(
  what: Launch,
  { signal, hurry, say, keep }: Pick<StartOptions, 'signal' | 'hurry' | 'say' | 'keep'>,
): Promise<void> {
  const stopping = new AbortController();
  let running: Running | undefined = await launch(what, signal, hurry);

  const again = async (pauseMs: number): Promise<Running | undefined> => {
    await delay(pauseMs, undefined, { signal: stopping.signal }).catch(() => undefined);
    try {
      return await launch(what, stopping.signal, hurry);
    } catch (error) {
      if (!stopping.signal.aborted) say((error as Error).message);
      return undefined;
    }
  };
  const kept = (async () => {
    let pauseMs = FIRST_PAUSE_MS;
    while (!stopping.signal.aborted) {
      const since = Date.now();
      const how = await running?.ended;
      if (stopping.signal.aborted) return;
      if (running && Date.now() - since > CALM_MS) pauseMs = FIRST_PAUSE_MS;
      say(`${what.name} is away${how ? ` (${how})` : ''}; starting it again in ${pauseMs / 1000} s`);
      running = await again(pauseMs);
      if (running) say(`${what.name} runs again`);
      pauseMs = Math.min(pauseMs * 2, LONGEST_PAUSE_MS);
    }
  })();
  const stop = async (): Promise<void> => {
    stopping.abort();
    await running?.end();
    await kept;
  };
  keep({ name: what.name, stop });
}
