import type { Canvas } from '../terminal.js';
import { printable } from '../output.js';
import { hang } from '../width.js';

/** How a word is shown: good, bad, something to wait for, something nobody knows, or none of it. */
export type Tone = 'good' | 'bad' | 'open' | 'unknown' | 'plain';

const SYMBOLS = { good: '✓ ', bad: '✗ ', open: '… ', unknown: '? ', plain: '' } as const satisfies Record<Tone, string>;

/** A word with the symbol of its tone, where there are colours: what only colour would say is said by a symbol as well. */
export function mark(word: string, tone: Tone, { paint }: Canvas): string {
  return paint.isColorSupported ? SYMBOLS[tone] + word : word;
}

/** The colour of a tone. */
export function toned(tone: Tone, { paint }: Canvas): (text: string) => string {
  return { good: paint.green, bad: paint.red, open: paint.yellow, unknown: paint.yellow, plain: (text: string) => text }[tone];
}

/** Text from anywhere in lines that fit: escaped, then wrapped behind a first word, then painted. */
export function lines(
  first: string,
  text: string,
  on: Canvas,
  paint: (line: string) => string = (line) => line,
): readonly string[] {
  return hang(first, printable(text), on.width).map((line) => paint(line));
}
