import { spawn, type ChildProcess } from 'node:child_process';
import { closeSync, openSync } from 'node:fs';
import { join, resolve } from 'node:path';
import type { Refusal } from '../domain/refusal.js';
import {
  makeDataDir,
  writePrivateJson,
  type Connection,
  type DataDirPaths,
  type RunsAlready,
  type StackCommand,
  type StackMessage,
} from '../platform/connection-file.js';
import { entry } from '../platform/entry.js';
import { attempt, makeFolder } from './data-dir.js';
import { Refused } from './output.js';

/** What a stack is started with. */
export interface StackOptions {
  readonly dataDir: string;
  /** Any free ports rather than the well-known ones. */
  readonly freePorts?: boolean;
  /** Removes what an earlier stack kept in the data directory first. */
  readonly fresh?: boolean;
  /** Told every line worth showing, while the stack starts, runs and stops. */
  readonly onLine?: (line: string) => void;
  /** Stops a stack that is still starting. */
  readonly signal?: AbortSignal;
  /** Makes stopping quick: nothing is waited for, and the next start repairs what that leaves. */
  readonly hurry?: AbortSignal;
}

/** The data directory has its stack already. */
export class AlreadyRuns extends Refused {
  constructor(
    refusal: Refusal,
    readonly runs: RunsAlready,
  ) {
    super(refusal);
  }
}

/** An embedded stack that runs. */
export interface Stack {
  readonly connection: Connection;
  /** Stops every part and resolves when all have ended; safe to call again. */
  stop(): Promise<void>;
  /** Resolves when the stack has ended, asked or not. */
  readonly exited: Promise<void>;
}

/**
 * Starts the embedded stack as a process of its own, registers the shipped policies, and writes `connection.json` last.
 * Throws a `Refused` when it does not come up or was stopped; nothing of it runs on then, nor after this process has ended.
 */
export async function startStack(options: StackOptions): Promise<Stack> {
  const onLine = options.onLine ?? (() => undefined);
  const paths = usableDataDir(options.dataDir);
  const child = spawnStack(paths, options);
  const exited = endOf(child).then((signal) => (signal ? cleanUp(paths) : undefined));
  const stop = async (): Promise<void> => {
    tell(child, 'stop');
    await exited;
  };
  options.hurry?.addEventListener('abort', () => tell(child, 'hurry'));
  const abort = (): void => void stop();
  options.signal?.addEventListener('abort', abort);
  if (options.signal?.aborted) abort();
  const goneFirst = exited.then((): never => {
    throw new Refused({ kind: 'away', what: 'the stack ended before it was ready', next: `see the logs in ${paths.logs}` });
  });
  try {
    const connection = await Promise.race([readiness(child, onLine), goneFirst]);
    const { registerShippedPolicies } = await import('./first-policies.js');
    for (const line of await Promise.race([registerShippedPolicies(connection), goneFirst])) onLine(line);
    writePrivateJson(paths.connection, connection);
    return { connection, stop, exited };
  } catch (error) {
    await stop();
    throw error;
  } finally {
    options.signal?.removeEventListener('abort', abort);
  }
}

function usableDataDir(dataDir: string): DataDirPaths {
  makeFolder(dataDir);
  const whole = resolve(dataDir);
  return attempt(whole, whole, () => makeDataDir(whole));
}

function tell(child: ChildProcess, command: StackCommand): void {
  if (child.connected) child.send(command, () => undefined);
}

function spawnStack(paths: DataDirPaths, { freePorts, fresh }: Pick<StackOptions, 'freePorts' | 'fresh'>): ChildProcess {
  const { command, args } = entry('stack');
  const flags = [...(freePorts ? ['--free-ports'] : []), ...(fresh ? ['--fresh'] : [])];
  const log = attempt(paths.root, paths.logs, () => openSync(join(paths.logs, 'stack.log'), 'a', 0o600));
  // A process group of its own: Ctrl-C in the terminal reaches only this process, which then asks the stack to stop.
  const child = spawn(command, [...args, '--data-dir', paths.root, ...flags], {
    detached: true,
    stdio: ['ignore', log, log, 'ipc'],
  });
  closeSync(log);
  return child;
}

/** Resolves when the process has ended, with the signal that ended it, if one did. */
function endOf(child: ChildProcess): Promise<NodeJS.Signals | null> {
  return new Promise((done) => {
    child.once('exit', (_code, signal) => done(signal)).once('error', () => done(null));
  });
}

/** A stack that was killed leaves its servers running; the next stack to start stops them first, so one is started and stopped. */
async function cleanUp(paths: DataDirPaths): Promise<void> {
  const child = spawnStack(paths, {});
  tell(child, 'stop');
  await endOf(child);
}

function readiness(child: ChildProcess, onLine: (line: string) => void): Promise<Connection> {
  return new Promise((ready, refuse) => {
    child.on('message', (message: StackMessage) => {
      if (message.type === 'line') onLine(message.line);
      else if (message.type === 'ready') ready(message.connection);
      else refuse(message.runs ? new AlreadyRuns(message.refusal, message.runs) : new Refused(message.refusal));
    });
  });
}
