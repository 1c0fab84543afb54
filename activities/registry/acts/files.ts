import type { Refusal } from '../../../domain/refusal.js';
import { FileError } from '../../../platform/files/regular-file.js';
import { problemPlace, type ParseResult, type Problem } from '../../../platform/files/yaml-document.js';
import type { Store } from '../../../platform/store.js';

/** Files people write are small; the parser has the same limit. */
const FILE_LIMIT_BYTES = 1_000_000;

/** A file people wrote, as it lies in the store, and what it says; or why it is refused. */
export type StoredFile<T> =
  { readonly text: string; readonly value: T; readonly refusal?: undefined } | { readonly refusal: Refusal };

/** Reads a file from the store by the digest that was signed, and parses it; the bytes are those of the digest. */
export async function storedFile<T>(
  store: Store,
  digest: unknown,
  parse: (bytes: Buffer) => ParseResult<T>,
): Promise<StoredFile<T>> {
  const bytes = await store.read(String(digest), FILE_LIMIT_BYTES).catch((error: unknown) => {
    if (error instanceof FileError) return undefined;
    throw error;
  });
  if (!bytes) {
    return {
      refusal: {
        kind: 'usage',
        what: 'file',
        given: String(digest),
        allowed: 'the digest of a file in the store',
        next: 'send it again',
      },
    };
  }
  const parsed = parse(bytes);
  return parsed.ok ? { text: bytes.toString('utf8'), value: parsed.value } : { refusal: problemsRefusal(parsed.problems) };
}

/**
 * A refusal that says where a file's problems are. What they are quotes the file, which is nobody's business in a history or
 * the audit trail; who sends it hears it from the command line, which reads the file first.
 */
export function problemsRefusal(problems: readonly Problem[]): Refusal {
  const kind = problems.every((problem) => problem.kind === 'rule') ? 'rule' : 'usage';
  return {
    kind,
    what: `problems in ${problems.map(problemPlace).join(', ')}`,
    next: 'send it with gatehouse, which says what they are',
  };
}
