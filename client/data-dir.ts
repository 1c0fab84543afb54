import { accessSync, constants, existsSync, mkdirSync, rmdirSync, statSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { freeMb, ROOM_MB } from '../platform/disk.js';
import { Refused } from './output.js';

const ALLOWED = 'a directory of your own that can be written in';
const NEXT = 'name another one with --data-dir';

/** What the system's codes mean for a directory that is to be used. */
const MEANINGS: Readonly<Record<string, string>> = {
  EACCES: 'may not be written in by this user',
  EPERM: 'may not be written in by this user',
  EROFS: 'is on a read-only file system',
  ENOSPC: 'is on a disk that is full',
  ENAMETOOLONG: 'has too long a name',
  ELOOP: 'is a symbolic link that leads to itself',
  EEXIST: 'is a symbolic link that leads nowhere',
  ENOENT: 'takes no new directories',
};

/**
 * Makes a data directory with the folders above it, for its user alone; throws a `Refused` when it cannot be one (2)
 * or there is too little room for a stack (6), and leaves nothing behind then.
 */
export function makeFolder(dir: string): void {
  if (dir === '') throw cannotBe('""', 'this names none');
  const whole = resolve(dir);
  const { at, missing } = nearest(whole);
  if (missing.length === 0) checkOwner(at);
  attempt(whole, at, () => accessSync(at, constants.W_OK | constants.X_OK));
  checkRoom(whole, at);
  const made: string[] = [];
  try {
    for (const folder of missing) {
      attempt(whole, folder, () => mkdirSync(folder, { mode: 0o700 }));
      made.unshift(folder);
    }
  } catch (error) {
    for (const folder of made) rmdirSync(folder);
    throw error;
  }
}

/** Says in one line why something about a directory does not work, instead of the system's own words. */
export function attempt<T>(dir: string, about: string, work: () => T): T {
  try {
    return work();
  } catch (error) {
    const { code = '', message } = error as NodeJS.ErrnoException;
    const why = MEANINGS[code] ?? message;
    throw cannotBe(dir, about === dir ? `it ${why}` : `${about} ${why}`);
  }
}

/** The deepest folder of a path that is there, and what has to be made below it. */
function nearest(dir: string): { readonly at: string; readonly missing: readonly string[] } {
  const missing: string[] = [];
  for (let at = dir; ; at = dirname(at)) {
    const stats = attempt(dir, at, () => statOf(at));
    if (stats?.isDirectory()) return { at, missing };
    if (stats) throw cannotBe(dir, at === dir ? 'it is a file' : `${at} is a file`);
    missing.unshift(at);
  }
}

function statOf(path: string): ReturnType<typeof statSync> {
  try {
    return statSync(path, { throwIfNoEntry: false });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOTDIR') return undefined;
    throw error;
  }
}

/** Whoever owns a directory can replace what is in it, keys and logins too. */
function checkOwner(dir: string): void {
  const user = process.getuid?.();
  if (user && statSync(dir).uid !== user) throw cannotBe(dir, 'it belongs to another user');
}

function checkRoom(dir: string, at: string): void {
  const isNew = !existsSync(join(dir, 'owner.json'));
  const needMb = isNew ? ROOM_MB.firstStart : ROOM_MB.laterStart;
  const free = freeMb(at);
  if (free >= needMb) return;
  throw new Refused({
    kind: 'away',
    what: `there is too little room on the disk of ${dir}`,
    given: `${free} MB free`,
    allowed: `${needMb} MB or more for a ${isNew ? 'first' : 'new'} start`,
    next: 'make room, or name a directory on another disk with --data-dir',
  });
}

function cannotBe(given: string, why: string): Refused {
  return new Refused({ kind: 'usage', what: `the data directory cannot be used: ${why}`, given, allowed: ALLOWED, next: NEXT });
}
