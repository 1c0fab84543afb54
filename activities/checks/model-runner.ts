import { Readable } from 'node:stream';
import { predictionsAsked } from '../../domain/load.js';
import { entry } from '../../platform/entry.js';
import type { LabelledRows, ModelRunner, Predictions } from '../ports.js';
import { converse, type Ended } from './model-conversation.js';
import { readLoad } from './model-load-answer.js';
import { ANSWER_BYTES_PER_PREDICTION, ANSWER_BYTES_PER_ROW, byteTaker, takeHeader, type ModelAnswer } from './model-protocol.js';
import { ModelRefused } from './model-refused.js';
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
    async predict(modelPath, { features, width }, signal) {
      const rows = rowsOf({ features, width });
      const answerLimitBytes = rows * ANSWER_BYTES_PER_ROW;
      const request = { modelPath, rows, width, timeoutMs };
      return read(await converse({ process, request, features, answerLimitBytes, signal }), rows, timeoutMs);
    },
    async load(modelPath, all, load, signal) {
      if (rowsOf(all) === 0) throw new RangeError('a load without rows');
      const asked = predictionsAsked(load.ratePerSecond, load.forMs);
      const { features, width } = requestRows(all, asked);
      const request = { modelPath, rows: rowsOf({ features, width }), width, load, timeoutMs: 2 * load.forMs + timeoutMs };
      const answerLimitBytes = asked * ANSWER_BYTES_PER_PREDICTION;
      return readLoad(await converse({ process, request, features, answerLimitBytes, signal }), {
        asked,
        request,
        answerLimitBytes,
      });
    },
  };
}

function rowsOf({ features, width }: Pick<LabelledRows, 'features' | 'width'>): number {
  if (features.length % width !== 0) throw new RangeError(`rows of ${width} features are expected`);
  return features.length / width;
}

async function read({ answer, limit, words }: Ended, rows: number, timeoutMs: number): Promise<Predictions> {
  if (limit === 'time') throw new Error(`the model process took longer than ${timeoutMs} ms`);
  if (limit) throw new Error(`the model process ${limit === 'print' ? 'prints' : 'answers'} too much`);
  const noAnswer = `the model process ${words}`;
  const take = byteTaker(Readable.from([answer]));
  const header = await takeHeader<ModelAnswer>(take).catch(() => undefined);
  if (header === undefined) throw new Error(noAnswer);
  if (!header.ok) throw header.code === 'not-tried' ? new Error(header.message) : new ModelRefused(header.code, header.message);
  if (header.rows !== rows) throw new Error(`the model process answered ${header.rows} of ${rows} rows`);
  const body = await take(rows * ANSWER_BYTES_PER_ROW).catch(() => undefined);
  if (body === undefined) throw new Error(noAnswer);
  const scoreAt = (row: number) => rows + row * Float64Array.BYTES_PER_ELEMENT;
  return {
    labels: Array.from(body.subarray(0, rows)),
    scores: Array.from({ length: rows }, (_, row) => body.readDoubleLE(scoreAt(row))),
  };
}
