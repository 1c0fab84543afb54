import type { ExecFileException } from 'node:child_process';
import type { DistributionRequest, ProfileRequest } from '../ports.js';
import type { Allowance } from './data/duckdb.js';
import type { LinesRequest } from './data/labelled-lines.js';

/** Together with the process itself less than 1 GB. */
export const ALLOWANCE: Allowance = { memoryMb: 400, threads: 2, spillMb: 20_000 };
/** How long a data process may take when not said otherwise. */
export const TIMEOUT_MS = 20 * 60_000;

/** What a data process is asked, as one line of JSON: a profile, a distribution, or the lines of a labelled set. */
export type DataTask = { readonly allowance: Allowance } & (
  | { readonly kind: 'profile'; readonly request: ProfileRequest }
  | { readonly kind: 'distribution'; readonly request: DistributionRequest }
  | { readonly kind: 'lines'; readonly request: LinesRequest }
);

/** How data processes are started, and how long one may take. */
export interface DataProcessOptions {
  /** For one task; 20 minutes when not said. */
  readonly timeoutMs?: number;
  readonly allowance?: Partial<Allowance>;
  /** How to start the process; Gatehouse's own data process when not said. */
  readonly process?: { readonly command: string; readonly args: readonly string[] };
}

/** What a data process may have and how it is ended, for the functions of `node:child_process`. */
export function childOptions(directory: string, timeoutMs: number) {
  return {
    cwd: directory,
    // The process that reads a stranger's data is not handed the worker's environment, its database login above all.
    env: process.platform === 'win32' ? { SystemRoot: process.env['SystemRoot'] } : {},
    timeout: timeoutMs,
    killSignal: 'SIGKILL',
    windowsHide: true,
  } as const;
}

/** How a data process ended that gave no whole answer, with the end of what it said of it. */
export function failureOf(
  { killed, code, signal }: Pick<ExecFileException, 'killed' | 'code' | 'signal'>,
  stderr: string,
  timeoutMs: number,
): Error {
  return new Error(`the data process ${ended()}${stderr && `: ${stderr.trim().slice(-2_000)}`}`);

  function ended(): string {
    if (code === 'ERR_CHILD_PROCESS_STDIO_MAXBUFFER') return 'answered too much';
    if (killed) return `took longer than ${timeoutMs} ms`;
    return signal ? `was killed by ${signal}` : `ended with code ${code}`;
  }
}
