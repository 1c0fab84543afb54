import { spawn, type ChildProcess } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { endianness, tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable, type Writable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { entry } from '../../platform/entry.js';
import type { LabelledRows, ModelRunner, Predictions } from '../ports.js';
import { ANSWER_BYTES_PER_ROW, ANSWER_FD, byteTaker, frameHeader, HEADER_LIMIT_BYTES, takeHeader } from './model-protocol.js';
import type { ModelAnswer } from './model-protocol.js';
import { ModelRefused } from './model-refused.js';

const STDERR_KEPT_BYTES = 2_048;
const WRITE_BYTES = 1024 * 1024;

/** How model processes are started, and how long one may take. */
export interface ModelRunnerOptions {
  /** For all the rows of one run; 120 s when not said. */
  readonly timeoutMs?: number;
  /** How to start the process; Gatehouse's own model process when not said. */
  readonly process?: { readonly command: string; readonly args: readonly string[] };
}

/** A runner that starts one process per run, gives it nothing but the model's path and the rows, and ends it in any case. */
export function createModelRunner(options: ModelRunnerOptions = {}): ModelRunner {
  const { timeoutMs = 120_000, process: started = entry('model-process') } = options;
  return {
    async predict(modelPath, rows, signal) {
      signal?.throwIfAborted();
      if (rows.features.length % rows.width !== 0) throw new RangeError(`rows of ${rows.width} features are expected`);
      if (endianness() !== 'LE') throw new Error('models are run on little-endian machines only');
      const directory = await mkdtemp(join(tmpdir(), 'gatehouse-model-'));
      try {
        const child = spawn(started.command, started.args, {
          cwd: directory,
          // The process that runs a stranger's model is not handed the worker's environment, its database login above all.
          env: process.platform === 'win32' ? { SystemRoot: process.env['SystemRoot'] } : {},
          stdio: ['pipe', 'ignore', 'pipe', 'pipe'],
          windowsHide: true,
        });
        return await converse(child, { modelPath, rows, timeoutMs, signal });
      } finally {
        await rm(directory, { recursive: true, force: true });
      }
    },
  };
}

interface Run {
  readonly modelPath: string;
  readonly rows: Pick<LabelledRows, 'features' | 'width'>;
  readonly timeoutMs: number;
  readonly signal: AbortSignal | undefined;
}

async function converse(child: ChildProcess, { modelPath, rows, timeoutMs, signal }: Run): Promise<Predictions> {
  const { features, width } = rows;
  const count = features.length / width;
  let stopped: Error | undefined;
  const stop = (why: Error) => {
    stopped ??= why;
    child.kill('SIGKILL');
    // A process it has started could hold its pipes open for ever.
    for (const pipe of child.stdio) pipe?.destroy();
  };
  const aborted = () => stop(signal?.reason instanceof Error ? signal.reason : new Error('the run was cancelled'));
  const timer = setTimeout(() => stop(new Error(`the model process took longer than ${timeoutMs} ms`)), timeoutMs);
  signal?.addEventListener('abort', aborted, { once: true });
  if (signal?.aborted) aborted();
  try {
    const ended = new Promise<string>((resolve) => {
      child.on('error', (problem) => resolve(`could not be started: ${problem.message}`));
      child.once('close', (code, by) => resolve(by === null ? `ended with code ${code}` : `was killed by ${by}`));
    });
    if (child.pid === undefined) throw new Error(`the model process ${await ended}`);
    const header = frameHeader({ modelPath, rows: count, width, timeoutMs });
    // A process that ends early breaks this pipe; how it ended and what it answered says why.
    void pipeline(Readable.from(frames(header, features)), child.stdin as Writable).catch(() => undefined);
    const stderr = keepTail(child.stderr as Readable);
    const limit = 4 + HEADER_LIMIT_BYTES + count * ANSWER_BYTES_PER_ROW;
    const answer = keepAll(child.stdio[ANSWER_FD] as Readable, limit, () =>
      stop(new Error('the model process answers too much')),
    );
    const end = await ended;
    if (stopped) throw stopped;
    const told = stderr().trim();
    return await read(answer(), count, `the model process ${end} without an answer${told && `: ${told}`}`);
  } finally {
    clearTimeout(timer);
    signal?.removeEventListener('abort', aborted);
  }
}

function* frames(header: Buffer, features: Float32Array): Generator<Buffer> {
  yield header;
  for (let at = 0; at < features.byteLength; at += WRITE_BYTES) {
    yield Buffer.from(features.buffer, features.byteOffset + at, Math.min(WRITE_BYTES, features.byteLength - at));
  }
}

function keepTail(stream: Readable): () => string {
  let tail: Buffer = Buffer.alloc(0);
  stream.on('data', (chunk: Buffer) => {
    tail = Buffer.concat([tail, chunk]).subarray(-STDERR_KEPT_BYTES);
  });
  stream.on('error', () => undefined);
  return () => tail.toString('utf8');
}

function keepAll(stream: Readable, limitBytes: number, tooMuch: () => void): () => Buffer {
  const chunks: Buffer[] = [];
  let bytes = 0;
  stream.on('data', (chunk: Buffer) => {
    bytes += chunk.length;
    if (bytes > limitBytes) tooMuch();
    else chunks.push(chunk);
  });
  stream.on('error', () => undefined);
  return () => Buffer.concat(chunks);
}

async function read(bytes: Buffer, rows: number, noAnswer: string): Promise<Predictions> {
  const take = byteTaker(Readable.from([bytes]));
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
