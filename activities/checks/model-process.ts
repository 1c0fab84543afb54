import { createWriteStream, writeSync } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import type { Load } from '../ports.js';
import { guard, type Guard } from './model-guard.js';
import { putUnderLoad } from './model-load.js';
import {
  ANSWER_FD,
  byteTaker,
  frameHeader,
  takeHeader,
  type ModelAnswer,
  type ModelRequest,
  type RowsHeader,
  type TakeBytes,
} from './model-protocol.js';
import { ModelRefused } from './model-refused.js';
import { loadRuntime, openModel } from './model-session.js';

async function answer(take: TakeBytes): Promise<readonly Buffer[]> {
  const request = await takeHeader<ModelRequest>(take);
  const watch = guard(request.timeoutMs, request.memoryLimitBytes);
  await loadRuntime();
  writeSync(ANSWER_FD, frameHeader({ started: true }));
  try {
    return request.load ? await loadAnswer(take, request, request.load, watch) : await rowsAnswer(take, request);
  } finally {
    await watch.stand();
  }
}

async function rowsAnswer(take: TakeBytes, request: ModelRequest): Promise<readonly Buffer[]> {
  const model = await openModel(await modelBytes(request.modelPath), request.width);
  const labels = Buffer.alloc(request.rows);
  const scores = new Float64Array(request.rows);
  for (let row = 0; row < request.rows;) {
    const rows = Math.min(model.chunkRows, request.rows - row);
    const answered = await model.predict(await takeRows(take, rows, request.width), rows);
    labels.set(answered.labels, row);
    scores.set(answered.scores, row);
    row += rows;
  }
  return [frameHeader({ ok: true, rows: request.rows }), labels, Buffer.from(scores.buffer)];
}

async function loadAnswer(take: TakeBytes, request: ModelRequest, load: Load, watch: Guard): Promise<readonly Buffer[]> {
  const features = await takeRows(take, request.rows, request.width);
  const model = await openModel(await modelBytes(request.modelPath), request.width, load.cores);
  const { latenciesMs, undisturbedMs, ...times } = await putUnderLoad(model, features, request.width, load);
  const header = frameHeader({ ok: true, ...times, peakMemoryBytes: await watch.peakMemory() });
  return [header, Buffer.from(latenciesMs.buffer), Buffer.from(undisturbedMs.buffer)];
}

async function takeRows(take: TakeBytes, rows: number, width: number): Promise<Float32Array> {
  const bytes = await take(rows * width * Float32Array.BYTES_PER_ELEMENT);
  return new Float32Array(bytes.buffer, bytes.byteOffset, rows * width);
}

/** Loading bytes, not a path, keeps a model from naming other files beside it as its weights. */
async function modelBytes(path: string): Promise<Uint8Array> {
  return readFile(path).catch((problem: NodeJS.ErrnoException) => {
    if (problem.code === 'ERR_FS_FILE_TOO_LARGE') throw new ModelRefused('not-loadable', 'the model file is larger than 2 GiB');
    throw new Error(`the model file cannot be read: ${problem.code ?? problem.message}`);
  });
}

function refusal(problem: unknown): ModelAnswer<RowsHeader> {
  const message = (problem instanceof Error ? problem.message : String(problem)).slice(0, 2_000);
  return { ok: false, code: problem instanceof ModelRefused ? problem.code : 'not-tried', message };
}

// Where memory runs out before any limit is reached, the kernel is to end this process and not the worker.
if (process.platform === 'linux') await writeFile('/proc/self/oom_score_adj', '1000').catch(() => undefined);
const parts = await answer(byteTaker(process.stdin)).catch((problem: unknown) => [frameHeader(refusal(problem))]);
const pipe = createWriteStream('', { fd: ANSWER_FD });
for (const part of parts) pipe.write(part);
// Whatever of the rows was not read keeps the process alive otherwise.
pipe.end(() => process.exit(0));
