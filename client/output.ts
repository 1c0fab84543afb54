import { CODES, refusalLine, type Refusal } from '../domain/refusal.js';

/** What a verb answers: the document of `--json`, the same for people, and the exit code (0 unless said). */
export interface Outcome {
  /** Null when everything is printed already. */
  readonly document: object | null;
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
  const whole = refusal ? { ...document, error: errorOf(refusal) } : document;
  if (asJson && whole) process.stdout.write(`${jsonText(whole)}\n`);
  else if (text) process.stdout.write(`${text}\n`);
  if (refusal) process.stderr.write(`${printable(refusalLine(refusal))}\n`);
  process.exitCode = refusal ? CODES[refusal.kind] : 0;
}

function errorOf({ kind, what, given, allowed, next }: Refusal) {
  return { code: CODES[kind], what, given: given ?? null, allowed: allowed ?? null, next: next ?? null };
}

/** What a terminal would obey, or what would show text as it is not: controls, line separators, direction overrides, invisible letters. */
const UNSAFE =
  /[\p{Cc}\p{Zl}\p{Zp}\p{Cs}\u061c\u200b\u200e\u200f\u202a-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb\u{e0000}-\u{e007f}]/gu;

/** Text safe for a terminal: control characters and direction overrides are shown escaped, long text is cut. */
export function printable(text: string, limit = 2_000): string {
  const escaped = text.replace(UNSAFE, escapeOf);
  return escaped.length > limit ? `${escaped.slice(0, limit)}…` : escaped;
}

/** A document as one line of JSON that is safe for a terminal as well; parsed, it is the same document. */
export function jsonText(document: object): string {
  return JSON.stringify(document).replace(UNSAFE, escapeOf);
}

/** As JSON writes it: a letter beyond sixteen bits is two escapes. */
function escapeOf(character: string): string {
  return Array.from({ length: character.length }, (_, i) => {
    return `\\u${character.charCodeAt(i).toString(16).padStart(4, '0')}`;
  }).join('');
}
