import { setMaxListeners } from 'node:events';
import { setTimeout as delay } from 'node:timers/promises';
import type { TrafficRow } from './rows.js';
import { makeTally, type TrafficFigures } from './tally.js';

/** What is asked, of whom, how often. */
export interface TrafficOptions {
  readonly url: string;
  readonly model: string;
  readonly stage: 'staging' | 'production';
  /** Of several in staging. */
  readonly version?: string;
  /** They are asked about in their order, over and over. */
  readonly rows: readonly TrafficRow[];
  /** Predictions a second; they fall due whether or not those before are answered. */
  readonly rate: number;
  /** How long after its answer a prediction's label is sent; without one none is. */
  readonly labelAfterMs?: number;
}

/** Traffic that goes on until it is stopped. */
export interface Traffic {
  /** What became of the predictions since the last look. */
  figures(): TrafficFigures;
  /** Asks no more, and resolves when what was asked has come back and its labels are sent. */
  stop(): Promise<void>;
}

const TICK_MS = 20;
const DEADLINE_MS = 30_000;
/** An endpoint that hangs must not use up this machine. */
const MOST_AT_ONCE = 1_000;

/** Begins to ask the endpoint. */
export function startTraffic(options: TrafficOptions): Traffic {
  const { url, model, stage, version, rows, rate, labelAfterMs } = options;
  const stopping = new AbortController();
  // Every label that waits listens to it.
  setMaxListeners(0, stopping.signal);
  const tally = makeTally();
  const underWay = new Set<Promise<void>>();
  const query = new URLSearchParams({ stage, ...(version !== undefined && { version }) }).toString();

  const post = (path: string, sent: unknown) =>
    fetch(`${url}/models/${model}/${path}`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(sent),
      signal: AbortSignal.timeout(DEADLINE_MS),
    });
  const ask = async ({ features, truth }: TrafficRow): Promise<void> => {
    tally.sent();
    const began = performance.now();
    try {
      const response = await post(`predict?${query}`, { features });
      const ms = performance.now() - began;
      const answer = (await response.json()) as { id?: string; version?: string; label?: number };
      if (!response.ok || answer.id === undefined)
        return tally.came({ outcome: response.status >= 500 && response.status !== 503 ? 'failed' : 'refused', ms });
      tally.came({
        outcome: 'answered',
        ms,
        isRight: answer.label === truth,
        ...(answer.version && { version: answer.version }),
      });
      if (labelAfterMs === undefined) return;
      await delay(labelAfterMs, undefined, { signal: stopping.signal }).catch(() => undefined);
      await post('labels', { id: answer.id, label: truth }).then(async (labelled) => await labelled.arrayBuffer());
    } catch {
      tally.came({ outcome: 'failed', ms: performance.now() - began });
    }
  };
  const run = async (): Promise<void> => {
    const began = performance.now();
    for (let asked = 0; !stopping.signal.aborted;) {
      const due = Math.floor(((performance.now() - began) * rate) / 1_000);
      for (; asked < due; asked += 1) {
        const row = rows[asked % rows.length];
        if (!row || underWay.size >= MOST_AT_ONCE) continue;
        const one: Promise<void> = ask(row).finally(() => underWay.delete(one));
        underWay.add(one);
      }
      await delay(TICK_MS, undefined, { signal: stopping.signal }).catch(() => undefined);
    }
  };
  const running = run();
  return {
    figures: () => tally.take(),
    async stop() {
      stopping.abort();
      await running;
      await Promise.all(underWay);
    },
  };
}
