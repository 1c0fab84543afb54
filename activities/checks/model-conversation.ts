import { spawn, type ChildProcess } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { endianness, tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable, type Writable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { LabelledRows } from '../ports.js';
import { ANSWER_FD, frameHeader, HEADER_LIMIT_BYTES, type ModelRequest } from './model-protocol.js';
import { peakMemory } from './process-memory.js';

/** What a process may print; reading it is the worker's work. */
export const PRINT_LIMIT_BYTES = 16_000_000;

const STDERR_KEPT_BYTES = 2_048;
const WRITE_BYTES = 1024 * 1024;
const MEMORY_LOOK_EVERY_MS = 50;

/** What is said to a model process, and the limits at which it is ended. */
export interface Said {
  readonly process: { readonly command: string; readonly args: readonly string[] };
  readonly request: ModelRequest;
  readonly features: LabelledRows['features'];
  /** How many bytes it may answer beside its headers. */
  readonly answerLimitBytes: number;
  readonly signal: AbortSignal | undefined;
}

/** How a model process ended, and what it had answered by then. */
export interface Ended {
  readonly answer: Buffer;
  /** The limit at which it was ended. */
  readonly limit: 'time' | 'memory' | 'answer' | 'print' | undefined;
  /** The signal that ended it; null where it ended itself. */
  readonly killedBy: NodeJS.Signals | null;
  /** How it ended in words, with the last of what it wrote to its standard error. */
  readonly words: string;
}

/** Starts a model process, gives it nothing but a request and its rows, and waits for its end; throws when it cannot be started, or when aborted. */
export async function converse(said: Said): Promise<Ended> {
  said.signal?.throwIfAborted();
  if (endianness() !== 'LE') throw new Error('models are run on little-endian machines only');
  const directory = await mkdtemp(join(tmpdir(), 'gatehouse-model-'));
  try {
    const child = spawn(said.process.command, said.process.args, {
      cwd: directory,
      // The process that runs a stranger's model is not handed the worker's environment, its database login above all.
      env: process.platform === 'win32' ? { SystemRoot: process.env['SystemRoot'] } : {},
      stdio: ['pipe', 'ignore', 'pipe', 'pipe'],
      windowsHide: true,
    });
    return await exchange(child, said);
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}

async function exchange(child: ChildProcess, { request, features, answerLimitBytes, signal }: Said): Promise<Ended> {
  let limit: Ended['limit'];
  const stop = () => {
    child.kill('SIGKILL');
    // A process it has started could hold its pipes open for ever.
    for (const pipe of child.stdio) pipe?.destroy();
  };
  const endAt = (reached: Ended['limit']) => {
    limit ??= reached;
    stop();
  };
  const timer = setTimeout(() => endAt('time'), request.timeoutMs);
  signal?.addEventListener('abort', stop, { once: true });
  if (signal?.aborted) stop();
  const unwatch = watchMemory(child, request.memoryLimitBytes, () => endAt('memory'));
  try {
    const ended = new Promise<Pick<Ended, 'killedBy' | 'words'>>((resolve) => {
      child.on('error', (problem) => resolve({ killedBy: null, words: `could not be started: ${problem.message}` }));
      child.once('close', (code, by) =>
        resolve({ killedBy: by, words: by === null ? `ended with code ${code}` : `was killed by ${by}` }),
      );
    });
    if (child.pid === undefined) throw new Error(`the model process ${(await ended).words}`);
    // A process that ends early breaks this pipe; how it ended and what it answered says why.
    void pipeline(Readable.from(frames(frameHeader(request), features)), child.stdin as Writable).catch(() => undefined);
    const stderr = keepTail(child.stderr as Readable, () => endAt('print'));
    const answer = keepAll(child.stdio[ANSWER_FD] as Readable, 4 + HEADER_LIMIT_BYTES + answerLimitBytes, () => endAt('answer'));
    const { killedBy, words } = await ended;
    signal?.throwIfAborted();
    const told = stderr().trim();
    return { answer: answer(), limit, killedBy, words: `${words} without an answer${told && `: ${told}`}` };
  } finally {
    clearTimeout(timer);
    unwatch();
    signal?.removeEventListener('abort', stop);
  }
}

/** The process watches its own memory as well; this look needs nothing of it, but there is one on Linux only. */
function watchMemory({ pid }: ChildProcess, limitBytes: number, exceeded: () => void): () => void {
  if (pid === undefined) return () => undefined;
  const look = async () => {
    if (((await peakMemory(pid)) ?? 0) > limitBytes) exceeded();
  };
  const timer = setInterval(() => void look(), MEMORY_LOOK_EVERY_MS);
  return () => clearInterval(timer);
}

function* frames(header: Buffer, features: Float32Array): Generator<Buffer> {
  yield header;
  for (let at = 0; at < features.byteLength; at += WRITE_BYTES) {
    yield Buffer.from(features.buffer, features.byteOffset + at, Math.min(WRITE_BYTES, features.byteLength - at));
  }
}

function keepTail(stream: Readable, tooMuch: () => void): () => string {
  let tail: Buffer = Buffer.alloc(0);
  let bytes = 0;
  stream.on('data', (chunk: Buffer) => {
    bytes += chunk.length;
    if (bytes > PRINT_LIMIT_BYTES) tooMuch();
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
