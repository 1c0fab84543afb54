import { setTimeout as delay } from 'node:timers/promises';
import type { Db } from '../../platform/pool.js';
import { writeLog, type LoggedLabel, type LoggedPrediction } from './write-log.js';

/** What became of the predictions and labels that were to be written down. */
export interface LogCounts {
  readonly waiting: number;
  readonly written: number;
  readonly dropped: number;
}

/** Writes predictions and labels into the record's database, in batches; nobody waits for it. */
export interface PredictionLog {
  prediction(made: LoggedPrediction): void;
  label(arrived: LoggedLabel): void;
  counts(): LogCounts;
  /** Tries once to write what waits, and ends. */
  close(): Promise<void>;
}

/** How it writes. */
export interface LogOptions {
  readonly everyMs?: number;
  /** How many entries wait at most while the database is away; the oldest are dropped then, and counted. */
  readonly most?: number;
  /** Told once when writing begins to fail, and once when it works again. */
  readonly onChange?: (works: boolean) => void;
}

type Entry = { readonly prediction: LoggedPrediction } | { readonly label: LoggedLabel };

const BATCH = 500;
const LONGEST_PAUSE_MS = 10_000;

/** A log over the login of a serving system. */
export function makePredictionLog(db: Db, { everyMs = 100, most = 20_000, onChange }: LogOptions = {}): PredictionLog {
  const closing = new AbortController();
  let waiting: Entry[] = [];
  let written = 0;
  let dropped = 0;
  let works = true;
  let writing: Promise<void> | undefined;

  const writeBatch = async (): Promise<boolean> => {
    const batch = waiting.slice(0, BATCH);
    waiting = waiting.slice(BATCH);
    const predictions = batch.flatMap((entry) => ('prediction' in entry ? [entry.prediction] : []));
    const labels = batch.flatMap((entry) => ('label' in entry ? [entry.label] : []));
    const taken = await writeLog(db, predictions, labels).catch(() => undefined);
    if (taken === undefined) waiting = [...batch, ...waiting];
    else {
      written += taken;
      dropped += batch.length - taken;
    }
    if (works !== (taken !== undefined)) onChange?.((works = taken !== undefined));
    return works;
  };
  const writeAll = async (): Promise<void> => {
    let pauseMs = everyMs;
    while (waiting.length > 0 && !closing.signal.aborted) {
      await delay(pauseMs, undefined, { signal: closing.signal }).catch(() => undefined);
      if (closing.signal.aborted) return;
      const isWritten = await writeBatch();
      pauseMs = !isWritten ? Math.min(2 * Math.max(pauseMs, everyMs), LONGEST_PAUSE_MS) : waiting.length >= BATCH ? 0 : everyMs;
    }
  };
  const add = (entry: Entry): void => {
    waiting.push(entry);
    const over = waiting.length - most;
    if (over > 0) {
      waiting = waiting.slice(over);
      dropped += over;
    }
    start();
  };
  const start = (): void => {
    writing ??= writeAll().finally(() => {
      writing = undefined;
      if (waiting.length > 0 && !closing.signal.aborted) start();
    });
  };
  return {
    prediction: (prediction) => add({ prediction }),
    label: (label) => add({ label }),
    counts: () => ({ waiting: waiting.length, written, dropped }),
    async close() {
      closing.abort();
      await writing;
      while (waiting.length > 0 && (await writeBatch()));
    },
  };
}
