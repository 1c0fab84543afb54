import { brief } from '../table.js';
import type { Terminal } from '../terminal.js';

const ESC = '\u001b[';
/** A screen of its own, so that what stood in the terminal is there again afterwards; the cursor is hidden on it. */
const ENTER = `${ESC}?1049h${ESC}?25l`;
const LEAVE = `${ESC}?25h${ESC}?1049l`;
const HOME = `${ESC}H`;
const CLEAR_LINE = `${ESC}K`;
const CLEAR_BELOW = `${ESC}J`;

/** The codes that begin and end drawing in place. */
export const SCREEN = { enter: ENTER, leave: LEAVE } as const;

/**
 * One frame of a screen that is drawn in place: the lines, cut to the rows there are with a word about the rest, and a last
 * line below them. A line is cleared before it is written: after a full one the cursor still stands on its last letter.
 */
export function frame(lines: readonly string[], last: string, { rows, width }: Pick<Terminal, 'rows' | 'width'>): string {
  const room = Math.max(1, rows - 1);
  const hidden = lines.length - room + 1;
  const rest = brief(`… ${hidden} more lines; --model-name and --version show less`, width - 1);
  const shown = lines.length <= room ? lines : [...lines.slice(0, room - 1), rest];
  return HOME + [...shown, last].map((line) => CLEAR_LINE + line).join('\n') + CLEAR_BELOW;
}
