import { rename, rm, writeFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { Refused } from './output.js';
import { shown } from './record.js';

/** Why a file could not be written, in words. */
const MEANINGS: Readonly<Record<string, string>> = {
  ENOENT: 'there is no such folder',
  ENOTDIR: 'a part of the path is no folder',
  EISDIR: 'it is a folder',
  EACCES: 'no right to write there',
  EPERM: 'no right to write there',
  EROFS: 'it can only be read',
  ENOSPC: 'no space left',
  ENAMETOOLONG: 'the name is too long',
};

/** The path a page is to be written to; throws a Refused (2) unless it ends in `.html`. */
export function pagePath(given: string): string {
  if (/[^/\\]\.html$/.test(given) && !given.includes('\0')) return given;
  throw new Refused({
    kind: 'usage',
    what: '--out',
    given: shown(given),
    allowed: 'a file that ends in .html',
    next: 'name the page evidence.html',
  });
}

/** Writes a page whole or not at all, over one that is there; throws a Refused (2) where that cannot be done. */
export async function writePage(path: string, page: string): Promise<void> {
  const whole = join(dirname(path), `.${basename(path)}.${process.pid}.new`);
  try {
    await writeFile(whole, page, { flag: 'wx', flush: true });
    await rename(whole, path);
  } catch (error) {
    await rm(whole, { force: true }).catch(() => undefined);
    const { code = '', message } = error as NodeJS.ErrnoException;
    throw new Refused({
      kind: 'usage',
      what: `--out cannot be written: ${MEANINGS[code] ?? message}`,
      given: shown(path),
      next: 'name a file in a folder that you may write to',
    });
  }
}
