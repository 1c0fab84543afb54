import { CST, Lexer, Parser } from 'yaml';

/** Something in a file that is refused, at an offset of its text; `path` leads to the value it is about. */
export interface Fault {
  readonly offset: number;
  readonly message: string;
  readonly path?: readonly (string | number)[];
}

/** What a file may hold at most; `parts` bounds the work that the limits in bytes alone would still allow. */
export const FILE_LIMITS = { bytes: 1_000_000, aliases: 100, depth: 32, parts: 100_000 } as const;

/** The text of a file as its author sees it: bytes as UTF-8, or why they are not text. */
export function textOf(source: string | Uint8Array): string | Fault {
  const size = typeof source === 'string' ? Buffer.byteLength(source) : source.byteLength;
  if (size > FILE_LIMITS.bytes)
    return { offset: 0, message: `the file has ${size} bytes; at most ${FILE_LIMITS.bytes} are read` };
  if (typeof source === 'string') return source;
  const [first, second] = source;
  if ((first === 0xff && second === 0xfe) || (first === 0xfe && second === 0xff)) {
    return { offset: 0, message: 'is UTF-16; save it as UTF-8' };
  }
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(source);
  } catch {
    return { offset: 0, message: 'is not UTF-8' };
  }
}

const BAD_CHARACTERS: readonly (readonly [RegExp, string])[] = [
  [/^\u{FEFF}/u, 'begins with a byte order mark; save it as UTF-8 without one'],
  [/\0/u, 'holds a NUL character, as a UTF-16 or binary file does; save it as UTF-8'],
  [/\u{FFFD}/u, 'holds U+FFFD, the mark of lost characters; save it as UTF-8'],
  [/\r(?!\n)/u, 'holds a carriage return that ends no line; use line feeds'],
  [/^ *\t/mu, 'a tab at the start of a line; indent with spaces'],
  [/(?![\t\n\r])\p{Cc}|\p{Cs}|[\u{FFFE}\u{FFFF}]/u, 'holds a character that is no text'],
];

/** The first character that a YAML reader would drop, change or misread, or undefined. */
export function badCharacter(text: string): Fault | undefined {
  for (const [pattern, message] of BAD_CHARACTERS) {
    const match = pattern.exec(text);
    if (match) return { offset: match.index, message };
  }
  return undefined;
}

const UNREAD: Readonly<Record<string, string>> = {
  tag: 'tags (!…) are not read; write the plain value',
  'directive-line': 'directives (%…) are not read; leave the line out',
};
const SCALAR_FOLLOWS = '\x1f';

/**
 * The tokens of a text's single YAML document, or the first thing in it that is refused.
 * It stops at the first token over a limit, so that a hostile file costs no more than an honest one.
 */
export function scanYaml(text: string): CST.Token[] | Fault {
  const parser = new Parser();
  const tokens: CST.Token[] = [];
  const counts = { parts: 0, aliases: 0, anchors: 0, starts: 0 };
  let isScalar = false;
  const take = (more: Iterable<CST.Token>): Fault | undefined => {
    for (const token of more) {
      if (token.type === 'error') return { offset: token.offset, message: `is not YAML: ${token.message}` };
      tokens.push(token);
    }
    return undefined;
  };
  for (const lexeme of new Lexer().lex(text)) {
    const offset = parser.offset;
    const type = isScalar ? 'scalar' : CST.tokenType(lexeme);
    isScalar = !isScalar && lexeme === SCALAR_FOLLOWS;
    const unread = type === null ? undefined : UNREAD[type];
    if (unread) return { offset, message: unread };
    if (type === 'alias') counts.aliases++;
    if (type === 'anchor') counts.anchors++;
    if (type === 'doc-start') counts.starts++;
    if (counts.starts > 1) return { offset, message: 'holds more than one document' };
    if (counts.aliases > FILE_LIMITS.aliases || counts.anchors > FILE_LIMITS.aliases) {
      return { offset, message: `more than ${FILE_LIMITS.aliases} aliases or anchors` };
    }
    if (++counts.parts > FILE_LIMITS.parts)
      return { offset, message: `more than ${FILE_LIMITS.parts} parts (words, signs, lines)` };
    const wrong = take(parser.next(lexeme));
    if (wrong) return wrong;
    if (isTooDeep(parser.stack)) return { offset, message: tooDeep() };
  }
  return take(parser.end()) ?? tokens;
}

/** Says that a value lies deeper than files go. */
export function tooDeep(): string {
  return `nested more than ${FILE_LIMITS.depth} deep`;
}

function isTooDeep(stack: readonly CST.Token[]): boolean {
  return stack.length > FILE_LIMITS.depth && stack.filter((token) => CST.isCollection(token)).length > FILE_LIMITS.depth;
}
