const NO_CELL = /[\p{Mn}\p{Me}\u200c\u200d]/u;
const TWO_CELLS =
  /[\p{Emoji_Presentation}\u1100-\u115f\u2e80-\u303e\u3041-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6\u{20000}-\u{3fffd}]/u;
/** After these a word that is longer than its line is broken rather than in the middle of its letters. */
const JOINT = /[-/@,;:=._]/;

/** How many cells of a terminal a text takes: none for combining marks, two for wide letters. */
export function cellsOf(text: string): number {
  let cells = 0;
  for (const character of text) cells += characterCells(character);
  return cells;
}

/** A text in lines of at most `width` cells, broken between words, and inside a word only where it alone is longer. */
export function wrap(text: string, width: number): string[] {
  if (cellsOf(text) <= width) return [text];
  const lines: string[] = [];
  let line = '';
  for (const word of text.split(' ')) {
    const joined = line === '' ? word : `${line} ${word}`;
    if (cellsOf(joined) <= width) {
      line = joined;
      continue;
    }
    if (line !== '') lines.push(line);
    const pieces = piecesOf(word, width);
    lines.push(...pieces.slice(0, -1));
    line = pieces.at(-1) ?? '';
  }
  return line === '' ? lines : [...lines, line];
}

/** A text behind a first word, such as `soak   …`: its further lines stand below its first one. */
export function hang(first: string, text: string, width: number): string[] {
  const indent = ' '.repeat(cellsOf(first));
  return wrap(text, Math.max(1, width - indent.length)).map((line, i) => (i === 0 ? first : indent) + line);
}

/** A text filled up with spaces to a width. */
export function padTo(text: string, width: number): string {
  return text + ' '.repeat(Math.max(0, width - cellsOf(text)));
}

function piecesOf(word: string, width: number): string[] {
  const pieces: string[] = [];
  let piece = '';
  for (const character of word) {
    if (piece !== '' && cellsOf(piece) + characterCells(character) > width) {
      const joint = lastJoint(piece);
      pieces.push(piece.slice(0, joint));
      piece = piece.slice(joint);
    }
    piece += character;
  }
  return [...pieces, piece];
}

/** Where a piece is cut: behind its last joint, unless that would leave it less than half. */
function lastJoint(piece: string): number {
  for (let end = piece.length; end > piece.length / 2; end -= 1) if (JOINT.test(piece.charAt(end - 1))) return end;
  return piece.length;
}

function characterCells(character: string): number {
  if (character >= ' ' && character <= '~') return 1;
  if (NO_CELL.test(character)) return 0;
  return TWO_CELLS.test(character) ? 2 : 1;
}
