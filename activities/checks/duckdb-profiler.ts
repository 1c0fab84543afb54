import { execFile, type ExecFileException } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { DataProfile } from '../../domain/data-profile.js';
import { entry } from '../../platform/entry.js';
import type { DataProfiler, ProfileRequest } from '../ports.js';
import type { Allowance } from './data/duckdb.js';

const ANSWER_LIMIT_BYTES = 16 * 1024 * 1024;
/** Together with the process itself less than 1 GB. */
const ALLOWANCE: Allowance = { memoryMb: 400, threads: 2, spillMb: 20_000 };

/** What a data process is asked, as one line of JSON. */
export interface DataTask {
  readonly request: ProfileRequest;
  readonly allowance: Allowance;
}

/** How data processes are started, and how long one may take. */
export interface DataProfilerOptions {
  /** For one profile; 20 minutes when not said. */
  readonly timeoutMs?: number;
  readonly allowance?: Partial<Allowance>;
  /** How to start the process; Gatehouse's own data process when not said. */
  readonly process?: { readonly command: string; readonly args: readonly string[] };
}

/** A profiler that starts one DuckDB process per profile, bounds its memory, and ends it and what it spilled in any case. */
export function createDataProfiler(options: DataProfilerOptions = {}): DataProfiler {
  const { timeoutMs = 20 * 60_000, process: started = entry('data-process') } = options;
  return {
    async profile(request, signal) {
      signal?.throwIfAborted();
      const directory = await mkdtemp(join(tmpdir(), 'gatehouse-data-'));
      try {
        const task: DataTask = { request, allowance: { ...ALLOWANCE, ...options.allowance } };
        return await run(started, { directory, task, timeoutMs, signal });
      } finally {
        await rm(directory, { recursive: true, force: true, maxRetries: 3 });
      }
    },
  };
}

interface Run {
  readonly directory: string;
  readonly task: DataTask;
  readonly timeoutMs: number;
  readonly signal: AbortSignal | undefined;
}

function run(
  { command, args }: NonNullable<DataProfilerOptions['process']>,
  { directory, task, timeoutMs, signal }: Run,
): Promise<DataProfile> {
  return new Promise((resolve, reject) => {
    const options = {
      cwd: directory,
      // The process that reads a stranger's data is not handed the worker's environment, its database login above all.
      env: process.platform === 'win32' ? { SystemRoot: process.env['SystemRoot'] } : {},
      timeout: timeoutMs,
      killSignal: 'SIGKILL',
      maxBuffer: ANSWER_LIMIT_BYTES,
      windowsHide: true,
    } as const;
    const child = execFile(command, args, options, (failure, stdout, stderr) => {
      signal?.removeEventListener('abort', aborted);
      if (signal?.aborted) reject(signal.reason instanceof Error ? signal.reason : new Error('the profile was cancelled'));
      else if (!failure) resolve(JSON.parse(stdout) as DataProfile);
      else reject(new Error(`the data process ${ended(failure, timeoutMs)}${stderr && `: ${stderr.trim().slice(-2_000)}`}`));
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

function ended({ killed, code, signal }: ExecFileException, timeoutMs: number): string {
  if (code === 'ERR_CHILD_PROCESS_STDIO_MAXBUFFER') return 'answered too much';
  if (killed) return `took longer than ${timeoutMs} ms`;
  return signal ? `was killed by ${signal}` : `ended with code ${code}`;
}
