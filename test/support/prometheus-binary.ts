import { execFile } from 'node:child_process';
import { accessSync, constants, mkdirSync, mkdtempSync, readdirSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { readStackConfig } from '../../platform/config.js';

const run = promisify(execFile);

/** A Prometheus: on PATH, in the cache, or from Debian's package, unpacked into the cache; undefined and one line where none can be had. */
export async function prometheusBinary(): Promise<string | undefined> {
  const { path, cacheDir } = readStackConfig();
  const cached = join(cacheDir, 'prometheus');
  const found = [...path.map((folder) => join(folder, 'prometheus')), cached].find(isProgram);
  if (found) return found;
  try {
    return await unpacked(cacheDir, cached);
  } catch (error) {
    const why = (error as Error).message.split('\n')[0];
    process.stderr.write(`no Prometheus: none on PATH, none in ${cacheDir}, and Debian's package cannot be had here (${why})\n`);
    return undefined;
  }
}

async function unpacked(cacheDir: string, cached: string): Promise<string> {
  mkdirSync(cacheDir, { recursive: true });
  const folder = mkdtempSync(join(cacheDir, 'prometheus-'));
  try {
    await run('apt-get', ['download', 'prometheus'], { cwd: folder, timeout: 120_000 });
    const deb = readdirSync(folder).find((name) => name.endsWith('.deb'));
    await run('dpkg', ['-x', join(folder, deb ?? ''), folder], { timeout: 60_000 });
    // Whoever unpacks at the same moment puts the same there.
    renameSync(join(folder, 'usr', 'bin', 'prometheus'), cached);
    return cached;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function isProgram(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
