import { execFile } from 'node:child_process';
import { stackEnvironment } from '../../platform/config.js';
import { entry } from '../../platform/entry.js';

/** Which version is asked for, by whom, of which data directory's stack. */
export interface Resolving {
  readonly dataDir: string;
  readonly model: string;
  readonly stage: 'staging' | 'production';
  readonly version: string;
  readonly person: string;
}

const LIMIT_MS = 60_000;
const LIMIT_BYTES = 32_000_000;

/** The bundle that `gatehouse resolve` answers, not yet verified; throws an Error of one line where it does not. */
export async function resolveBundle(
  { dataDir, model, stage, version, person }: Resolving,
  signal: AbortSignal,
): Promise<unknown> {
  const { command, args } = entry('cli');
  const words = ['resolve', '--model-name', model, '--stage', stage, '--version', version, '--approver', person, '--json'];
  const env = stackEnvironment({ GATEHOUSE_DATA_DIR: dataDir });
  const options = { env, signal, timeout: LIMIT_MS, maxBuffer: LIMIT_BYTES };
  const { failed, stdout } = await new Promise<{ failed: boolean; stdout: string }>((done) => {
    execFile(command, [...args, ...words], options, (error, out) => done({ failed: error !== null, stdout: out }));
  });
  const { bundle, error } = parsed(stdout);
  if (!failed && bundle !== undefined) return bundle;
  const { what, given } = error ?? {};
  throw new Error(`resolve: ${[what, given].filter((text) => typeof text === 'string').join(': ') || 'no answer'}`);
}

function parsed(text: string): { readonly bundle?: unknown; readonly error?: Readonly<Record<string, unknown>> } {
  try {
    return JSON.parse(text) as ReturnType<typeof parsed>;
  } catch {
    return {};
  }
}
