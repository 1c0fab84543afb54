import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { chmodSync, chownSync, existsSync, lstatSync, mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import type { DataDirPaths } from '../platform/connection-file.js';
import { ROOM_MB } from '../platform/disk.js';
import { copyBinaries, runsAs, shippedBinaries, type Account } from './postgres-binaries.js';
import { needRoom } from './room.js';
import { StartError } from './start-error.js';

/** Where PostgreSQL's programs and data are, and as whom it runs when that is not this process's own user. */
export interface PostgresPlace {
  readonly binDir: string;
  readonly dataDir: string;
  readonly account?: Account;
}

const ACCOUNTS = ['postgres', 'nobody'];
const LASTING_BASES = ['/var/lib/gatehouse', '/var/tmp/gatehouse'];
const PASSING_BASE = '/tmp/gatehouse';

/**
 * Where PostgreSQL of a data directory lives: in it, with the programs of the installed package, wherever the account
 * it runs as can really reach them, else in a directory that this account can. Throws when there is none.
 */
export async function postgresPlace(paths: DataDirPaths, cacheDir: string, say: (line: string) => void): Promise<PostgresPlace> {
  const account = process.getuid?.() === 0 ? accountForRoot() : undefined;
  const shipped = shippedBinaries();
  const folder = runsAs(shipped.folder, account)
    ? shipped.folder
    : await copyBinaries(shipped, account ? reachableBase(account) : cacheDir, account);
  if (folder !== shipped.folder) say(`PostgreSQL's programs cannot be run where they are installed: using the copy in ${folder}`);
  const binDir = join(folder, 'bin');
  if (!account) {
    mkdirSync(paths.postgres, { recursive: true, mode: 0o700 });
    return { binDir, dataDir: join(paths.postgres, 'data') };
  }
  if (reaches(paths.postgres, account)) return { binDir, dataDir: join(paths.postgres, 'data'), account };
  const elsewhere = folderElsewhere(paths.root, account);
  const roomMb = existsSync(join(elsewhere, 'data')) ? ROOM_MB.laterStart : ROOM_MB.firstStart;
  needRoom(elsewhere, roomMb, "PostgreSQL's data", 'start this as another user');
  if (!reaches(elsewhere, account)) throw new StartError(`${elsewhere} cannot be used by ${account.name}`, 'remove it');
  say(`as root PostgreSQL runs as ${account.name}, who cannot enter ${paths.root}: its data is in ${elsewhere}`);
  return { binDir, dataDir: join(elsewhere, 'data'), account };
}

function accountForRoot(): Account {
  const id = (flag: string, name: string): number =>
    Number(execFileSync('id', [flag, name], { stdio: ['ignore', 'pipe', 'ignore'] }).toString());
  for (const name of ACCOUNTS) {
    try {
      return { name, uid: id('-u', name), gid: id('-g', name) };
    } catch {
      continue;
    }
  }
  throw new StartError(
    `PostgreSQL does not run as root, and there is no user ${ACCOUNTS.join(' or ')} here`,
    'start this as another user',
  );
}

/** Where the data of this data directory is already, else where it may be: below /tmp what belongs to something below /tmp. */
function folderElsewhere(root: string, account: Account): string {
  const name = createHash('sha256').update(root).digest('hex').slice(0, 16);
  const bases = root.startsWith('/tmp/') ? [PASSING_BASE, ...LASTING_BASES] : [...LASTING_BASES, PASSING_BASE];
  const used = bases.find((base) => existsSync(join(base, name, 'data')) && isRootsOwn(base));
  return join(used ?? reachableBase(account, bases), name);
}

function reachableBase(account: Account, bases = [...LASTING_BASES, PASSING_BASE]): string {
  const base = bases.find((folder) => isRootsOwn(folder) && runs('cd "$1"', folder, account));
  if (base === undefined) {
    throw new StartError(`${account.name} can enter none of ${bases.join(', ')}`, 'start this as another user');
  }
  return base;
}

/** Where anybody may write, somebody else could have made the folder first. */
function isRootsOwn(folder: string): boolean {
  try {
    if (mkdirSync(folder, { recursive: true })) chmodSync(folder, 0o755);
    const found = lstatSync(folder);
    return found.isDirectory() && found.uid === 0 && (found.mode & 0o022) === 0;
  } catch {
    return false;
  }
}

/** Gives the account a folder of its own and tries it out as that account; leaves none where it cannot be reached. */
function reaches(folder: string, account: Account): boolean {
  const isNew = !existsSync(folder);
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  chownSync(folder, account.uid, account.gid);
  const reached = runs('cd "$1" && touch .reached && rm .reached', folder, account);
  if (!reached && isNew) rmSync(folder, { recursive: true });
  return reached;
}

function runs(script: string, folder: string, { uid, gid }: Account): boolean {
  try {
    execFileSync('/bin/sh', ['-c', script, 'sh', folder], {
      cwd: '/',
      stdio: 'ignore',
      env: { PATH: '/usr/bin:/bin' },
      uid,
      gid,
    });
    return true;
  } catch {
    return false;
  }
}
