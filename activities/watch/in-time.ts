import { formatDuration } from '../../domain/quantity.js';
import { unknown } from '../../domain/live.js';
import type { MetricsSource } from '../ports.js';

const LEAST_MS = 1_000;

/**
 * A source that answers within an interval, or is away: a look that waited longer would come too late for the next one, and be taken
 * for a watch that has stopped.
 */
export function inTime(source: MetricsSource, everyMs: number): MetricsSource {
  const withinMs = Math.max(LEAST_MS, everyMs);
  const late = unknown('source away', `it does not answer within ${formatDuration(withinMs)}`);

  async function orLate<T>(answer: (signal: AbortSignal) => Promise<T>, otherwise: T, signal: AbortSignal): Promise<T> {
    // Not AbortSignal.any and .timeout: in Node 20 the combination may be collected before it fires.
    const over = new AbortController();
    const timer = setTimeout(() => over.abort(), withinMs);
    const stop = (): void => over.abort(signal.reason);
    signal.addEventListener('abort', stop);
    try {
      signal.throwIfAborted();
      return await answer(over.signal);
    } catch (error) {
      signal.throwIfAborted();
      if (over.signal.aborted) return otherwise;
      throw error;
    } finally {
      clearTimeout(timer);
      signal.removeEventListener('abort', stop);
    }
  }

  return {
    name: source.name,
    read: (asked, signal) => orLate((until) => source.read(asked, until), { service: late, labels: late }, signal),
    features: (asked, of, signal) => orLate((until) => source.features(asked, of, until), late, signal),
  };
}
