import { CODES, refusalLine, type Refusal } from '../domain/refusal.js';

/** What a verb answers: the document of `--json`, the same for people, and the exit code (0 unless said). */
export interface Outcome {
  readonly document: object;
  readonly text: string;
  /** Why the exit code is not 0; goes to stderr as one line, and into the document as `error`. */
  readonly refusal?: Refusal;
}

/** A refusal found before there is anything else to answer. */
export class Refused extends Error {
  override readonly name = 'Refused';
  constructor(readonly refusal: Refusal) {
    super(refusalLine(refusal));
  }
}

/** Prints an outcome as design §7 asks: one JSON document or text on stdout, one line of error on stderr; sets the exit code. */
export function print(outcome: Outcome, asJson: boolean): void {
  const { document, text, refusal } = outcome;
  if (asJson) process.stdout.write(`${JSON.stringify(refusal ? { ...document, error: errorOf(refusal) } : document)}\n`);
  else if (text) process.stdout.write(`${text}\n`);
  if (refusal) process.stderr.write(`${printable(refusalLine(refusal))}\n`);
  process.exitCode = refusal ? CODES[refusal.kind] : 0;
}

function errorOf({ kind, what, given, allowed, next }: Refusal) {
  return { code: CODES[kind], what, given: given ?? null, allowed: allowed ?? null, next: next ?? null };
}

/** Text safe for a terminal: control characters and direction overrides are shown escaped, long text is cut. */
export function printable(text: string, limit = 2_000): string {
  const escaped = text.replace(/[\u0000-\u001f\u007f-\u009f\u200e\u200f\u202a-\u202e\u2066-\u2069]/g, (character) => {
    return `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`;
  });
  return escaped.length > limit ? `${escaped.slice(0, limit)}…` : escaped;
}
