import { basename } from 'node:path';
import type { Problem } from '../platform/files/yaml-document.js';
import { Refused, type Outcome } from './output.js';

/** A file that somebody wrote: its bytes, and the name to call it by in messages. */
export interface WrittenFile {
  readonly bytes: Buffer;
  readonly fileName: string;
}

/** Reads a file that somebody wrote; throws a Refused (2) when there is none, or it is too large to be one. */
export async function readWritten(path: string): Promise<WrittenFile> {
  const { FileError, readRegularFile } = await import('../platform/files/regular-file.js');
  const { FILE_LIMITS } = await import('../platform/files/yaml-scan.js');
  try {
    return { bytes: await readRegularFile(path, { maxBytes: FILE_LIMITS.bytes }), fileName: basename(path) };
  } catch (error) {
    if (error instanceof FileError) throw new Refused({ ...error.refusal, kind: 'usage' });
    throw error;
  }
}

/** What a verb prints about a file that it cannot use: every problem with its place, the first of them on stderr. */
export async function problemsOutcome(problems: readonly Problem[]): Promise<Outcome> {
  const { problemLine } = await import('../platform/files/yaml-document.js');
  const lines = problems.map(problemLine);
  const more = lines.length > 1 ? `, and ${lines.length - 1} more problem${lines.length > 2 ? 's' : ''}` : '';
  const kind = problems.every((problem) => problem.kind === 'rule') ? 'rule' : 'usage';
  return {
    document: { ok: false, problems },
    text: lines.length > 1 ? lines.join('\n') : '',
    refusal: { kind, what: `${lines[0] ?? 'the file cannot be used'}${more}`, next: 'mend the file and try again' },
  };
}
