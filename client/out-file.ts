import { randomBytes } from 'node:crypto';
import { constants } from 'node:fs';
import { copyFile, link, lstat, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import type { Refusal } from '../domain/refusal.js';
import { Refused } from './output.js';
import { shown } from './record.js';

/** Why a file could not be written, in words. */
const MEANINGS: Readonly<Record<string, string>> = {
  ENOENT: 'there is no such folder',
  ENOTDIR: 'a part of the path is no folder',
  EACCES: 'no right to write there',
  EPERM: 'no right to write there',
  EROFS: 'it can only be read',
  ENOSPC: 'no space left',
  ENAMETOOLONG: 'the name is too long',
};

/** Throws a Refused (2) when `--out` could not write there, before anything is done for it. */
export async function mustBeNew(path: string | undefined): Promise<void> {
  if (path === undefined) return;
  const folder = await stat(dirname(path)).catch((error: NodeJS.ErrnoException) => error);
  if (folder instanceof Error) throw new Refused(notWritten(path, folder));
  if (!folder.isDirectory()) throw new Refused(notWritten(path, { code: 'ENOTDIR' }));
  if (await isThere(path)) throw new Refused(alreadyThere(path));
}

/**
 * Writes what `--out` asks for: whole or not at all, and never over a file that is there, unless that has the same bytes.
 * Throws a Refused (2) where that cannot be done.
 */
export async function writeOut(path: string, text: string): Promise<void> {
  const whole = join(dirname(path), `.${basename(path)}.${randomBytes(6).toString('hex')}.new`);
  try {
    await writeFile(whole, text, { flag: 'wx', flush: true, mode: 0o644 });
    await putNew(whole, path);
  } catch (error) {
    if (!isTaken(error)) throw new Refused(notWritten(path, error as NodeJS.ErrnoException));
    const before = await readFile(path, 'utf8').catch(() => undefined);
    if (before !== text) throw new Refused(alreadyThere(path));
  } finally {
    await rm(whole, { force: true }).catch(() => undefined);
  }
}

/** A second name for the whole file, where files can have two, or a copy; either only where nothing is. */
async function putNew(whole: string, path: string): Promise<void> {
  try {
    await link(whole, path);
  } catch (error) {
    if (isTaken(error)) throw error;
    await copyFile(whole, path, constants.COPYFILE_EXCL);
  }
}

function isTaken(error: unknown): boolean {
  return (error as NodeJS.ErrnoException).code === 'EEXIST';
}

async function isThere(path: string): Promise<boolean> {
  return await lstat(path).then(
    () => true,
    () => false,
  );
}

function notWritten(path: string, { code = '', message = code }: { code?: string | undefined; message?: string }): Refusal {
  return {
    kind: 'usage',
    what: `--out cannot be written: ${MEANINGS[code] ?? message}`,
    given: shown(path),
    next: 'name a file in a folder that you may write to',
  };
}

function alreadyThere(path: string): Refusal {
  const next = 'name another one; what was kept stays';
  return { kind: 'usage', what: '--out names a file that is there', given: shown(path), allowed: 'a new file', next };
}
