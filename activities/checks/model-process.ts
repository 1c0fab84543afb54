import { createWriteStream } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { Worker } from 'node:worker_threads';
import {
  ANSWER_FD,
  byteTaker,
  frameHeader,
  takeHeader,
  type ModelAnswer,
  type ModelRequest,
  type TakeBytes,
} from './model-protocol.js';
import { ModelRefused } from './model-refused.js';
import { openModel } from './model-session.js';

/** How long after its time is up the process ends itself; the worker, if it lives, has ended it by then. */
const GRACE_MS = 5_000;

async function answer(take: TakeBytes): Promise<readonly Buffer[]> {
  const request = await takeHeader<ModelRequest>(take);
  endAfter(request.timeoutMs + GRACE_MS);
  // Loading bytes, not a path, keeps a model from naming other files beside it as its weights.
  const model = await openModel(await modelBytes(request.modelPath), request.width);
  const labels = Buffer.alloc(request.rows);
  const scores = new Float64Array(request.rows);
  for (let row = 0; row < request.rows;) {
    const rows = Math.min(model.chunkRows, request.rows - row);
    const bytes = await take(rows * request.width * Float32Array.BYTES_PER_ELEMENT);
    const answered = await model.predict(new Float32Array(bytes.buffer, bytes.byteOffset, rows * request.width), rows);
    labels.set(answered.labels, row);
    scores.set(answered.scores, row);
    row += rows;
  }
  return [frameHeader({ ok: true, rows: request.rows }), labels, Buffer.from(scores.buffer)];
}

async function modelBytes(path: string): Promise<Uint8Array> {
  return readFile(path).catch((problem: NodeJS.ErrnoException) => {
    throw new Error(`the model file cannot be read: ${problem.code ?? problem.message}`);
  });
}

function refusal(problem: unknown): ModelAnswer {
  const message = (problem instanceof Error ? problem.message : String(problem)).slice(0, 2_000);
  return { ok: false, code: problem instanceof ModelRefused ? problem.code : 'not-tried', message };
}

/** The runtime holds this thread while it computes, so a model that never ends can only be ended from another one. */
function endAfter(timeoutMs: number): void {
  const code = `setTimeout(() => process.kill(process.pid, 'SIGKILL'), ${timeoutMs})`;
  new Worker(code, { eval: true, execArgv: [] }).unref();
}

const parts = await answer(byteTaker(process.stdin)).catch((problem: unknown) => [frameHeader(refusal(problem))]);
const pipe = createWriteStream('', { fd: ANSWER_FD });
for (const part of parts) pipe.write(part);
// Whatever of the rows was not read keeps the process alive otherwise.
pipe.end(() => process.exit(0));
