import { spawn } from 'node:child_process';
import { once } from 'node:events';
import type { Command } from 'commander';
import { readDataDir, readWorkerConfig, stackEnvironment, type WorkerConfig } from '../../platform/config.js';
import { readConnection } from '../../platform/connection-file.js';
import { entry } from '../../platform/entry.js';
import { withSinks } from '../../platform/sinks.js';
import { Refused, type Outcome } from '../output.js';
import { recordAway } from '../record.js';
import { verb } from '../verb.js';

/** npm passes a terminal's Ctrl-C on a second time; what comes this soon is the same key. */
const SAME_KEY_MS = 300;
const SIGNALS = ['SIGTERM', 'SIGINT', 'SIGHUP'] as const;
const EXAMPLE = `
It follows promotions, measures evidence and looks whether what is in production is watched, or does one of these where
GATEHOUSE_WORK says so (promotions, evidence, watchdog).

Example:
  DATABASE_URL=postgres://worker:secret@db:5432/gatehouse TEMPORAL_ADDRESS=temporal:7233 gatehouse worker`;

/** Adds `worker`: one worker, as a process of its own, until it is told to stop. */
export function workerCommand(program: Command): void {
  verb<{ json?: boolean }>(
    program,
    'worker',
    'run a worker until Ctrl-C or SIGTERM, which let it finish the work in hand',
    runWorker,
  ).addHelpText('after', EXAMPLE);
}

async function runWorker({ json = false }: { json?: boolean }): Promise<Outcome> {
  const env = workerEnvironment();
  const config = readWorkerConfig(env);
  await mustBeUsable(config);
  const isWatchdog = config.work.every((kind) => kind === 'watchdog');
  const { command, args } = entry(isWatchdog ? 'watchdog' : 'worker');
  // In a group of its own: the worker drains at the first signal and dies at the second, so it must hear each only once.
  const child = spawn(command, args, { env, detached: true, stdio: ['ignore', json ? process.stderr : 'inherit', 'inherit'] });
  let heard = 0;
  const passOn = (): void => {
    if (Date.now() - heard < SAME_KEY_MS) return;
    heard = Date.now();
    child.kill('SIGTERM');
  };
  for (const signal of SIGNALS) process.on(signal, passOn);
  try {
    const [code, signal] = (await once(child, 'exit')) as [number | null, NodeJS.Signals | null];
    if (code === 0) return { document: { ok: true }, text: '' };
    const what = `the worker ended with ${code === null ? signal : `code ${code}`}`;
    return { document: { ok: false }, text: '', refusal: { kind: 'away', what, next: 'see what it wrote before this' } };
  } finally {
    for (const signal of SIGNALS) process.off(signal, passOn);
  }
}

/** The worker looks by itself as well; here what is wrong can be said in one line, without its log around it. */
async function mustBeUsable({ databaseUrl, prometheus }: WorkerConfig): Promise<void> {
  const { preflight, PreflightFailed } = await import('../../platform/preflight.js');
  await preflight(databaseUrl, prometheus).catch((error: unknown) => {
    throw new Refused(
      error instanceof PreflightFailed ? error.refusal : { ...recordAway(databaseUrl, error, 'DATABASE_URL'), kind: 'away' },
    );
  });
}

/** This process's environment, or the running embedded stack's where DATABASE_URL names no record. */
function workerEnvironment(): NodeJS.ProcessEnv {
  const stack = process.env['DATABASE_URL'] ? undefined : readConnection(readDataDir());
  if (!stack) return process.env;
  const own = stackEnvironment({
    DATABASE_URL: stack.workerUrl,
    TEMPORAL_ADDRESS: stack.temporal.address,
    TEMPORAL_NAMESPACE: stack.temporal.namespace,
    GATEHOUSE_STORE: stack.store,
  });
  return withSinks(own, stack.sinks);
}
