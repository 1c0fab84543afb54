import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync, readFileSync, renameSync, rmSync, statSync } from 'node:fs';
import { recordOf, writeRecord } from './process-record.js';

const LOG_LIMIT_BYTES = 10_000_000;

/** What to run, as whom, and where its record and its log are. */
export interface Launch {
  readonly name: string;
  readonly command: string;
  readonly args: readonly string[];
  /** Where it runs; the root of the file system unless said. */
  readonly cwd?: string;
  readonly env: NodeJS.ProcessEnv;
  readonly user?: { readonly uid: number; readonly gid: number };
  readonly dataDir: string;
  readonly record: string;
  readonly log: string;
  /** Resolves when the process does its work; `printed` reads what it has written so far. */
  readonly ready: (signal: AbortSignal, printed: () => string) => Promise<void>;
  readonly readyWithinMs: number;
  readonly stopSignal: NodeJS.Signals;
  /** What ends it at once, when stopping is in a hurry. */
  readonly quickSignal?: NodeJS.Signals;
  /** How long it may take to end before it is ended by force. */
  readonly graceMs: number;
}

/** A process that is ready. */
export interface Running {
  readonly pid: number;
  /** Settles when it has ended, saying how. */
  readonly ended: Promise<string>;
  /** Ends it; safe to call again. */
  readonly end: () => Promise<void>;
}

/**
 * Starts a process and resolves when it is ready. Throws with the end of its log when it ends before that or takes too
 * long, and the reason of `signal` when that aborts; it does not run on then.
 */
export async function launch(what: Launch, signal: AbortSignal, hurry?: AbortSignal): Promise<Running> {
  signal.throwIfAborted();
  const log = openLog(what.log);
  const from = statSync(what.log).size;
  const printed = (): string => readFileSync(what.log).subarray(from).toString();
  const child = spawn(what.command, what.args, {
    cwd: what.cwd ?? '/',
    env: what.env,
    stdio: ['ignore', log, log],
    ...what.user,
  });
  closeSync(log);
  const spawned = once(child, 'spawn').catch((error: Error) => {
    throw new Error(`${what.name} did not start: ${error.message}`);
  });
  // Before anything is waited for: a stack that is killed now would leave a process that nobody knows of.
  if (child.pid !== undefined) writeDown(child, what);
  await spawned;
  const pid = child.pid as number;
  const ended = once(child, 'exit').then(([code, by]: (number | NodeJS.Signals | null)[]) => {
    rmSync(what.record, { force: true });
    return by ? `it was ended by ${by}` : `it ended with code ${code}`;
  });
  const end = async (): Promise<void> => {
    const force = setTimeout(() => child.kill('SIGKILL'), what.graceMs);
    const quickly = (): void => void child.kill(what.quickSignal ?? 'SIGKILL');
    hurry?.addEventListener('abort', quickly);
    child.kill(what.stopSignal);
    if (hurry?.aborted) quickly();
    await ended;
    hurry?.removeEventListener('abort', quickly);
    clearTimeout(force);
  };
  const failure = await outcome(what, ended, signal, printed);
  if (failure === undefined) return { pid, ended, end };
  await end();
  signal.throwIfAborted();
  throw new Error(`${what.name} did not start: ${failure}; it wrote: ${tellingLine(printed())} (all of it: ${what.log})`);
}

/** A process that cannot be written down, as on a full disk, must not run. */
function writeDown(child: ChildProcess, { name, record, dataDir }: Launch): void {
  try {
    writeRecord(record, recordOf(child.pid as number, dataDir));
  } catch (error) {
    child.kill('SIGKILL');
    throw new Error(`${name} did not start: ${(error as Error).message}`, { cause: error });
  }
}

/** Undefined when the process is ready, else why it will not be. */
async function outcome(
  what: Launch,
  ended: Promise<string>,
  signal: AbortSignal,
  printed: () => string,
): Promise<string | undefined> {
  // Not AbortSignal.any and .timeout: in Node 20 the combination may be collected before it fires.
  const over = new AbortController();
  const late = `it was not ready within ${what.readyWithinMs / 1000} s`;
  const giveUp = (): void => over.abort();
  const timer = setTimeout(giveUp, what.readyWithinMs);
  signal.addEventListener('abort', giveUp);
  const cut = new Promise<string>((done) => over.signal.addEventListener('abort', () => done(late)));
  const ready = what.ready(over.signal, printed).then(
    () => undefined,
    (error: Error) => (over.signal.aborted ? late : error.message),
  );
  try {
    return await Promise.race([ready, ended, cut]);
  } finally {
    clearTimeout(timer);
    signal.removeEventListener('abort', giveUp);
    over.abort();
  }
}

/** Opens a log to be written on, keeping one older file when it has grown large. */
function openLog(path: string): number {
  const size = statSync(path, { throwIfNoEntry: false })?.size ?? 0;
  if (size > LOG_LIMIT_BYTES) renameSync(path, `${path}.old`);
  return openSync(path, 'a', 0o600);
}

/** The line that most likely says why: a crash prints its error first and much else after it. */
function tellingLine(text: string): string {
  const lines = text.split('\n').filter((line) => line.trim() !== '');
  return (lines.findLast((line) => /error|fatal|panic/i.test(line)) ?? lines.at(-1) ?? 'nothing').trim().slice(0, 300);
}
