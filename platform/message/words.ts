import { printable } from '../files/quoted.js';

const LINE_ENDS = /\r\n|[\r\n\u0085\u2028\u2029]/g;

/** A text as one line without anything that a header, a terminal or a reader's eye would obey; cut to so many UTF-16 units. */
export function oneLine(text: string, limit: number): string {
  return cut(printable(text.replace(LINE_ENDS, ' ').replace(/\t/g, ' ')), limit);
}

/** The same with its line ends kept, each as one line feed. */
export function manyLines(text: string, limit: number): string {
  const lines = text.replace(LINE_ENDS, '\n').split('\n');
  return cut(lines.map((line) => printable(line.replace(/\t/g, '  '))).join('\n'), limit);
}

/**
 * A text for Slack's mrkdwn, in which nothing names a person, a channel or a link (docs.slack.dev, "Formatting text": `&`, `<` and `>`
 * are escaped); cut so that it has at most so many UTF-16 units when it is escaped.
 */
export function mrkdwn(text: string, limit: number): string {
  return cutPieces(
    Array.from(text, (character) => SLACK[character] ?? character),
    limit,
  );
}

const SLACK: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;' };
const CUT = '…';

function cut(text: string, limit: number): string {
  return text.length <= limit ? text : cutPieces(Array.from(text), limit);
}

/** No piece is ever cut in two: neither a letter of two units nor what stands for an escaped one. */
function cutPieces(pieces: readonly string[], limit: number): string {
  let kept = 0;
  let length = 0;
  for (const piece of pieces) {
    if (length + piece.length > limit - CUT.length) break;
    length += piece.length;
    kept += 1;
  }
  const rest = pieces.slice(kept).join('');
  return pieces.slice(0, kept).join('') + (length + rest.length <= limit ? rest : CUT);
}
