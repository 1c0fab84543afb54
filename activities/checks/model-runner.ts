import { predictionsAsked } from '../../domain/load.js';
import { entry } from '../../platform/entry.js';
import type { LabelledRows, LoadMeasured, ModelRunner, Predictions } from '../ports.js';
import { readAnswer, type Answered } from './model-answer.js';
import { converse } from './model-conversation.js';
import { ANSWER_BYTES_PER_PREDICTION, ANSWER_BYTES_PER_ROW, type LoadHeader, type RowsHeader } from './model-protocol.js';
import { requestRows } from './request-rows.js';

/** How model processes are started, and how long one may take. */
export interface ModelRunnerOptions {
  /** For all the rows of one run, or for a load beyond twice its length; 120 s when not said. */
  readonly timeoutMs?: number;
  /** How to start the process; Gatehouse's own model process when not said. */
  readonly process?: { readonly command: string; readonly args: readonly string[] };
}

/** A runner that starts one process per run, gives it nothing but the model's path and the rows, and ends it in any case. */
export function createModelRunner(options: ModelRunnerOptions = {}): ModelRunner {
  const { timeoutMs = 120_000, process = entry('model-process') } = options;
  return {
    async predict(modelPath, { features, width }, { memoryLimitBytes, signal }) {
      const rows = rowsOf({ features, width });
      const answerLimitBytes = rows * ANSWER_BYTES_PER_ROW;
      const request = { modelPath, rows, width, timeoutMs, memoryLimitBytes };
      const ended = await converse({ process, request, features, answerLimitBytes, signal });
      return predictionsIn(await readAnswer<RowsHeader>(ended, { request, answerLimitBytes }), rows);
    },
    async load(modelPath, all, load, { memoryLimitBytes, signal }) {
      if (rowsOf(all) === 0) throw new RangeError('a load without rows');
      const asked = predictionsAsked(load.ratePerSecond, load.forMs);
      const { features, width } = requestRows(all, asked);
      const request = {
        modelPath,
        rows: rowsOf({ features, width }),
        width,
        load,
        timeoutMs: 2 * load.forMs + timeoutMs,
        memoryLimitBytes,
      };
      const answerLimitBytes = asked * ANSWER_BYTES_PER_PREDICTION;
      const ended = await converse({ process, request, features, answerLimitBytes, signal });
      return timesIn(await readAnswer<LoadHeader>(ended, { request, answerLimitBytes }), asked);
    },
  };
}

function rowsOf({ features, width }: Pick<LabelledRows, 'features' | 'width'>): number {
  if (features.length % width !== 0) throw new RangeError(`rows of ${width} features are expected`);
  return features.length / width;
}

function predictionsIn({ header, body }: Answered<RowsHeader>, rows: number): Predictions {
  if (header.rows !== rows) throw new Error(`the model process answered ${header.rows} of ${rows} rows`);
  const scoreAt = (row: number) => rows + row * Float64Array.BYTES_PER_ELEMENT;
  return {
    labels: Array.from(body.subarray(0, rows)),
    scores: Array.from({ length: rows }, (_, row) => body.readDoubleLE(scoreAt(row))),
  };
}

function timesIn({ header, body }: Answered<LoadHeader>, asked: number): LoadMeasured {
  const { answered, peakMemoryBytes, cpuMs, wallMs } = header;
  const series = (at: number) =>
    new Float64Array(body.buffer, body.byteOffset + at * asked * Float64Array.BYTES_PER_ELEMENT, asked);
  return { latenciesMs: series(0), undisturbedMs: series(1), answered, peakMemoryBytes, cpuMs, wallMs };
}
