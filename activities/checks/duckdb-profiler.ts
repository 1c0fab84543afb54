import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { DataProfile } from '../../domain/data-profile.js';
import type { TrainingDistribution } from '../../domain/drift/training-distribution.js';
import { entry } from '../../platform/entry.js';
import type { DataProfiler } from '../ports.js';
import { ALLOWANCE, childOptions, failureOf, TIMEOUT_MS, type DataProcessOptions, type DataTask } from './data-child.js';

const ANSWER_LIMIT_BYTES = 16 * 1024 * 1024;

/** A profiler that starts one DuckDB process per task, bounds its memory, and ends it and what it spilled in any case. */
export function createDataProfiler(options: DataProcessOptions = {}): DataProfiler {
  const { timeoutMs = TIMEOUT_MS, process: started = entry('data-process') } = options;
  const allowance = { ...ALLOWANCE, ...options.allowance };
  const answerTo = async (task: DataTask, signal: AbortSignal | undefined): Promise<unknown> => {
    signal?.throwIfAborted();
    const directory = await mkdtemp(join(tmpdir(), 'gatehouse-data-'));
    try {
      return await run(started, { directory, task, timeoutMs, signal });
    } finally {
      await rm(directory, { recursive: true, force: true, maxRetries: 3 });
    }
  };
  return {
    profile: async (request, signal) => (await answerTo({ kind: 'profile', request, allowance }, signal)) as DataProfile,
    distribution: async (request, signal) =>
      (await answerTo({ kind: 'distribution', request, allowance }, signal)) as TrainingDistribution,
  };
}

interface Run {
  readonly directory: string;
  readonly task: DataTask;
  readonly timeoutMs: number;
  readonly signal: AbortSignal | undefined;
}

function run(
  { command, args }: NonNullable<DataProcessOptions['process']>,
  { directory, task, timeoutMs, signal }: Run,
): Promise<unknown> {
  return new Promise((resolve, reject) => {
    const options = { ...childOptions(directory, timeoutMs), maxBuffer: ANSWER_LIMIT_BYTES };
    const child = execFile(command, args, options, (failure, stdout, stderr) => {
      signal?.removeEventListener('abort', aborted);
      if (signal?.aborted) reject(signal.reason instanceof Error ? signal.reason : new Error('the profile was cancelled'));
      else if (!failure) resolve(JSON.parse(stdout));
      else reject(failureOf(failure, stderr, timeoutMs));
    });
    const aborted = () => child.kill('SIGKILL');
    signal?.addEventListener('abort', aborted, { once: true });
    if (signal?.aborted) aborted();
    // A process that ends early breaks this pipe; how it ended says why.
    child.stdin?.on('error', () => undefined);
    // Left open: the process ends itself when it closes, which is what it sees of a worker that is gone.
    child.stdin?.write(`${JSON.stringify(task)}\n`);
  });
}
