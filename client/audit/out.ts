import { access, open, readFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { canonicalJson, type JsonValue } from '../../domain/canonical.js';
import { Refused } from '../output.js';
import { shown } from '../record.js';

/** A document as it is kept in a file: one line of canonical JSON in ASCII, the same bytes for the same content. */
export function fileText(document: JsonValue): string {
  // One text for one content, that no terminal obeys and no editor turns into another.
  const escaped = canonicalJson(document).replace(/[^\x20-\x7e]/g, (unit) => {
    return `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`;
  });
  return `${escaped}\n`;
}

/** Throws a Refused (2) when a file could not be written there, before anything is done for it. */
export async function mustBeNew(path: string | undefined): Promise<void> {
  if (path === undefined) return;
  await access(dirname(path)).catch(() => {
    throw new Refused({ kind: 'usage', what: '--out', given: shown(path), allowed: 'a file in a directory that is there' });
  });
  const isThere = await access(path).then(
    () => true,
    () => false,
  );
  if (isThere) throw new Refused(alreadyThere(path));
}

/** Writes a file that must not be there with other content; throws a Refused (2) otherwise. */
export async function writeNew(path: string, text: string): Promise<void> {
  try {
    const handle = await open(path, 'wx', 0o644);
    try {
      await handle.writeFile(text);
      await handle.sync();
    } finally {
      await handle.close();
    }
  } catch (error) {
    const { code = 'unknown' } = error as NodeJS.ErrnoException;
    if (code !== 'EEXIST') throw new Refused({ kind: 'usage', what: `--out cannot be written (${code})`, given: shown(path) });
    const before = await readFile(path, 'utf8').catch(() => undefined);
    if (before !== text) throw new Refused(alreadyThere(path));
  }
}

function alreadyThere(path: string) {
  return {
    kind: 'usage',
    what: '--out names a file that is there',
    given: shown(path),
    allowed: 'a new file',
    next: 'name another one; what was kept stays',
  } as const;
}
