import { formatDuration } from '../domain/quantity.js';
import { printable } from './output.js';

const SECOND_MS = 1_000;
const MINUTE_MS = 60 * SECOND_MS;
const DAY_MS = 24 * 60 * MINUTE_MS;
const BAR_CELLS = 24;

/** Rows in columns under their headings, indented by two spaces; what a terminal would obey is shown escaped. */
export function table(headings: readonly string[], rows: readonly (readonly (string | null)[])[]): string {
  const lines = [headings, ...rows].map((row) => row.map((cell) => printable(cell || '-')));
  const widths = headings.map((_, column) => Math.max(...lines.map((line) => widthOf(line[column] ?? ''))));
  return lines
    .map((line) => `  ${line.map((cell, i) => cell + ' '.repeat((widths[i] ?? 0) - widthOf(cell))).join('  ')}`.trimEnd())
    .join('\n');
}

/** A time as people read it, to the second in UTC. */
export function when(iso: string): string {
  return `${iso.slice(0, 10)} ${iso.slice(11, 19)} UTC`;
}

/** A duration as people read it, never more than has passed: to the minute where it is days, else to the second. */
export function lasting(ms: number): string {
  const unit = ms >= DAY_MS ? MINUTE_MS : SECOND_MS;
  return formatDuration(Math.floor(ms / unit) * unit);
}

/** How far a duration has come, as a bar with its percentage; full only when nothing is left. */
export function bar(done: number, all: number): string {
  const share = all <= 0 ? 1 : Math.min(1, done / all);
  const cells = Math.floor(share * BAR_CELLS);
  return `[${'#'.repeat(cells)}${'-'.repeat(BAR_CELLS - cells)}] ${Math.floor(share * 100)} %`;
}

/** A text cut to a length, with digests shortened to what people compare. */
export function brief(text: string, limit: number): string {
  const short = text.replace(/\b([0-9a-f]{12})[0-9a-f]{28,52}\b/g, '$1…');
  return short.length > limit ? `${short.slice(0, limit - 1)}…` : short;
}

function widthOf(text: string): number {
  return text.replace(/[\ud800-\udbff][\udc00-\udfff]/g, '.').length;
}
