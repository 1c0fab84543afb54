import { printable } from './output.js';
import type { Canvas } from './terminal.js';
import { cellsOf, padTo, wrap } from './width.js';

const BAR_CELLS = 24;
const ON_ONE_LINE = 100;
const WRAPPED = 300;
const NOTHING = '-';
const INDENT = '  ';
const GAP = '  ';
/** A column is made narrower down to this; where that does not do, rows are shown as blocks. */
const NARROWEST = 12;

/** One cell: a text, several texts below each other, or either in a colour. */
export type Cell =
  string | readonly string[] | null | { readonly text: string | readonly string[]; readonly paint: (text: string) => string };

interface Drawn {
  readonly lines: readonly string[];
  readonly paint: (text: string) => string;
}

/**
 * Rows in columns under their headings, indented by two spaces; what a terminal would obey is shown escaped. On a terminal
 * too narrow for that, cells are wrapped, and on a very narrow one each row is a block with a line for each heading.
 */
export function table(headings: readonly string[], rows: readonly (readonly Cell[])[], on?: Pick<Canvas, 'width'>): string {
  const room = (on?.width ?? Infinity) - INDENT.length;
  const cells = rows.map((row) => row.map((cell) => drawn(cell, room)));
  const natural = headings.map((heading, i) => Math.max(cellsOf(heading), ...cells.map((row) => widest(row[i]))));
  const widths = fitted(natural, headings, room - GAP.length * (headings.length - 1));
  if (!widths) return blocks(headings, cells, room);
  const heading = headings.map((text) => ({ lines: [text], paint: asIs }));
  return [heading, ...cells].flatMap((row) => rowLines(row, widths)).join('\n');
}

/** How far a duration has come, as a bar with its percentage; full only when nothing is left. */
export function bar(done: number, all: number, cells = BAR_CELLS): string {
  const share = all <= 0 ? 1 : Math.min(1, done / all);
  const full = Math.floor(share * cells);
  return `[${'#'.repeat(full)}${'-'.repeat(cells - full)}] ${Math.floor(share * 100)} %`;
}

/** A text cut to a length, with digests shortened to what people compare. */
export function brief(text: string, limit: number): string {
  const short = text.replace(/\b([0-9a-f]{12})[0-9a-f]{28,52}\b/g, '$1…');
  return short.length > limit ? `${short.slice(0, limit - 1)}…` : short;
}

/** How much of a long text a cell shows: more where it can be wrapped than where all of a row is one line. */
export function roomFor({ width }: Pick<Canvas, 'width'>): number {
  return width === Infinity ? ON_ONE_LINE : WRAPPED;
}

const asIs = (text: string): string => text;

/** A cell that can be drawn; where lines are not broken, all of it stands on one. */
function drawn(cell: Cell, room: number): Drawn {
  const { text, paint } = cell !== null && typeof cell === 'object' && 'text' in cell ? cell : { text: cell ?? '', paint: asIs };
  const lines = (typeof text === 'string' ? [text] : text).filter(Boolean).map((line) => printable(line));
  if (lines.length === 0) return { lines: [NOTHING], paint };
  return { lines: room === Infinity ? [lines.join('; ')] : lines, paint };
}

function widest(cell: Drawn | undefined): number {
  return Math.max(0, ...(cell?.lines ?? []).map(cellsOf));
}

/** The widths that fit, the widest columns made narrower first; undefined when there are none. */
function fitted(natural: readonly number[], headings: readonly string[], room: number): number[] | undefined {
  const floors = natural.map((width, i) => Math.min(width, Math.max(NARROWEST, cellsOf(headings[i] ?? ''))));
  if (sum(natural) <= room) return [...natural];
  if (sum(floors) > room) return undefined;
  const widths = [...natural];
  for (let over = sum(natural) - room; over > 0; over -= 1) {
    const spare = widths.map((width, i) => (width > (floors[i] ?? 0) ? width : 0));
    const widestAt = spare.indexOf(Math.max(...spare));
    widths[widestAt] = (widths[widestAt] ?? 0) - 1;
  }
  return widths;
}

function rowLines(row: readonly Drawn[], widths: readonly number[]): string[] {
  const wrapped = row.map(({ lines }, i) => lines.flatMap((line) => wrap(line, widths[i] ?? 1)));
  const height = Math.max(...wrapped.map((lines) => lines.length));
  return Array.from({ length: height }, (_, at) => {
    const last = wrapped.findLastIndex((lines) => lines[at] !== undefined);
    const cells = row.slice(0, last + 1).map(({ paint }, i) => {
      const text = wrapped[i]?.[at] ?? '';
      // Colours go around the text alone: what fills the column is nobody's.
      return (text && paint(text)) + (i === last ? '' : ' '.repeat((widths[i] ?? 0) - cellsOf(text)));
    });
    return INDENT + cells.join(GAP);
  });
}

/** Each row as a block: a line for each heading that has something to say, and an empty line between rows. */
function blocks(headings: readonly string[], rows: readonly (readonly Drawn[])[], room: number): string {
  const label = Math.max(...headings.map(cellsOf));
  const width = Math.max(1, room - label - GAP.length);
  const block = (row: readonly Drawn[]): string[] =>
    row.flatMap(({ lines, paint }, i) => {
      const texts = lines.filter((line) => line !== NOTHING).flatMap((line) => wrap(line, width));
      return texts.map((text, at) => INDENT + padTo(at === 0 ? (headings[i] ?? '') : '', label) + GAP + paint(text));
    });
  return rows.map((row) => block(row).join('\n')).join('\n\n');
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((all, each) => all + each, 0);
}
