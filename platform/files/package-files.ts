import { lstat, opendir } from 'node:fs/promises';
import { join } from 'node:path';
import { wrongPath } from './fields.js';
import { wrongEntry } from './regular-file.js';
import type { Problem } from './yaml-document.js';

/** What a package may hold at most: bounds on the work that looking at a directory can cause. */
export const PACKAGE_LIMITS = { entries: 10_000, depth: 32, bytes: 10_000_000_000 } as const;

/** The files of a directory by their paths in it, sorted, and what in it is refused. */
export interface PackageFiles {
  readonly paths: readonly string[];
  readonly problems: readonly Problem[];
}

/** Lists a package's directory; only regular files with one name belong in it (promises §3, A2), and none is opened here. */
export async function listPackage(dir: string): Promise<PackageFiles> {
  const paths: string[] = [];
  const problems: Problem[] = [];
  const refuse = (path: string, message: string) => problems.push(fileProblem(join(dir, path), message));
  const folders = [''];
  let entries = 0;
  let bytes = 0n;
  for (let folder = folders.shift(); folder !== undefined; folder = folders.shift()) {
    const opened = await opendir(join(dir, folder)).catch((error: NodeJS.ErrnoException) => {
      refuse(folder, `may not be read (${error.code})`);
    });
    for await (const { name } of opened ?? []) {
      if (++entries > PACKAGE_LIMITS.entries)
        return { paths, problems: [fileProblem(dir, `holds more than ${PACKAGE_LIMITS.entries} entries`)] };
      const path = folder === '' ? name : `${folder}/${name}`;
      const stats = await lstat(join(dir, path), { bigint: true });
      if (stats.isDirectory()) {
        if (path.split('/').length > PACKAGE_LIMITS.depth) refuse(path, `is more than ${PACKAGE_LIMITS.depth} directories deep`);
        else folders.push(path);
        continue;
      }
      const wrong = wrongEntry(stats, { singleLink: true }) ?? wrongPath(path);
      if (wrong === undefined) paths.push(path);
      else refuse(path, wrong);
      if (stats.isFile()) bytes += stats.size;
    }
  }
  if (bytes > PACKAGE_LIMITS.bytes)
    problems.push(fileProblem(dir, `holds ${bytes} bytes; at most ${PACKAGE_LIMITS.bytes} are read`));
  return { paths: paths.sort(), problems: [...problems, ...sameNames(dir, paths)] };
}

function sameNames(dir: string, paths: readonly string[]): Problem[] {
  return collisions(paths).map(([first, second]) =>
    fileProblem(join(dir, second), `has the same name as ${first} on some systems`),
  );
}

/** The pairs of paths that are one file where case or the form of accents does not count (promises §3, A5). */
export function collisions(paths: readonly string[]): (readonly [string, string])[] {
  const seen = new Map<string, string>();
  return paths.flatMap((path) => {
    const folded = path.normalize('NFC').toUpperCase().toLowerCase().normalize('NFC');
    const before = seen.get(folded);
    if (before === undefined) seen.set(folded, path);
    return before === undefined ? [] : [[before, path] as const];
  });
}

/** A problem about a file or directory as a whole. */
export function fileProblem(file: string, message: string, kind: Problem['kind'] = 'rule'): Problem {
  return { file, line: 0, column: 0, path: '', message, kind };
}
