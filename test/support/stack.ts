import { execFile, spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { temporalBinary } from '../../dev/temporal-binary.js';
import { readStackConfig } from '../../platform/config.js';
import type { Connection, OwnerFile } from '../../platform/connection-file.js';

export const root = resolve(import.meta.dirname, '../..');
export const EXAMPLE = join(root, 'examples', 'alzheimer');
export const MODEL = 'alzheimer_classifier';

/** What a command printed and how it ended. */
export interface Ran {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** An embedded stack as a user starts it, with the command line beside it. */
export interface RunningStack {
  readonly dir: string;
  /** The process of `gatehouse up`. */
  readonly pid: number;
  /** What it has printed so far. */
  readonly printed: () => string;
  readonly connection: Connection;
  readonly owner: OwnerFile;
  /** Runs `gatehouse …` as another process and answers what came of it. */
  cli(...args: string[]): Promise<Ran>;
  /** The same with variables of its own. */
  cliWith(env: NodeJS.ProcessEnv, ...args: string[]): Promise<Ran>;
  /** The same with `--json`, parsed; the exit code must be the expected one. */
  json<T = Record<string, unknown>>(code: number, ...args: string[]): Promise<T>;
  /** Runs the Temporal command line against the stack, as anybody with access to the namespace can. */
  temporal(...args: string[]): Promise<Ran>;
  stop(): Promise<void>;
}

/** Runs `gatehouse up` on a data directory of its own and waits until it is ready. */
export async function up(
  dir = mkdtempSync(join(tmpdir(), 'gatehouse-e2e-')),
  more: NodeJS.ProcessEnv = {},
): Promise<RunningStack> {
  const cliFile = join(root, 'dist', 'cli.js');
  const child = spawn(process.execPath, [cliFile, 'up', '--data-dir', dir], {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, ...more },
  });
  let printed = '';
  child.stdout.on('data', (chunk: Buffer) => (printed += chunk.toString()));
  child.stderr.on('data', (chunk: Buffer) => (printed += chunk.toString()));
  const ended = new Promise<void>((done) => child.once('exit', () => done()));
  const file = join(dir, 'connection.json');
  for (let waited = 0; !printed.includes('Ctrl-C stops it.'); waited += 100) {
    if (child.exitCode !== null || waited > 90_000) throw new Error(`the stack did not come up:\n${printed}`);
    await pause(100);
  }
  const connection = JSON.parse(readFileSync(file, 'utf8')) as Connection;
  const temporal = await temporalBinary(readStackConfig(), new AbortController().signal, () => undefined);
  const run = (command: string, args: readonly string[], env: NodeJS.ProcessEnv): Promise<Ran> =>
    new Promise((done) => {
      execFile(command, args, { env, cwd: dir, maxBuffer: 64 * 1024 * 1024 }, (error, stdout, stderr) => {
        done({ code: error ? (typeof error.code === 'number' ? error.code : 1) : 0, stdout, stderr });
      });
    });
  const cliWith = (env: NodeJS.ProcessEnv, ...args: string[]) =>
    run(process.execPath, [cliFile, ...args], { ...process.env, GATEHOUSE_DATA_DIR: dir, ...env });
  const cli = (...args: string[]) => cliWith({}, ...args);
  return {
    dir,
    pid: child.pid as number,
    printed: () => printed,
    connection,
    owner: JSON.parse(readFileSync(join(dir, 'owner.json'), 'utf8')) as OwnerFile,
    cli,
    cliWith,
    async json<T>(code: number, ...args: string[]) {
      const ran = await cli(...args, '--json');
      if (ran.code !== code)
        throw new Error(`gatehouse ${args.join(' ')}: exit ${ran.code}, not ${code}\n${ran.stdout}\n${ran.stderr}`);
      return JSON.parse(ran.stdout) as T;
    },
    temporal: (...args) =>
      run(
        temporal,
        [...args, '--address', connection.temporal.address, '--namespace', connection.temporal.namespace],
        process.env,
      ),
    async stop() {
      child.kill('SIGINT');
      await ended;
    },
  };
}

/** Stops a stack and removes what it kept. */
export async function down(stack: RunningStack): Promise<void> {
  await stack.stop();
  rmSync(stack.dir, { recursive: true, force: true });
  // As root PostgreSQL's data lies outside.
  rmSync(dirname(stack.connection.postgres.dataDir), { recursive: true, force: true });
}

/** Tries again until `look` gives something, for at most `withinMs`. */
export async function eventually<T>(look: () => Promise<T | undefined | false>, withinMs = 30_000): Promise<T> {
  const end = Date.now() + withinMs;
  for (;;) {
    const found = await look();
    if (found !== undefined && found !== false) return found;
    if (Date.now() > end) throw new Error(`still not so after ${withinMs} ms: ${look.toString().slice(0, 200)}`);
    await pause(200);
  }
}
