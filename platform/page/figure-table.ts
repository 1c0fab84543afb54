import type { Figure, Group } from './figures.js';
import { html, type Child, type Html } from './html.js';
import { table, type Heading } from './table.js';
import { readableSize, titleOf } from './titles.js';

const CI = '_ci95';
/** More columns than this are too many to read past. */
const FOLDED = 12;
/** The order in which the figures of a slice are read. */
const SLICE_ORDER = ['rows', 'accuracy', 'roc_auc', 'precision', 'recall', 'f1'];

/** A finding's figures, each with its interval and its limit in one row, where it has them. */
export function figureTable(caption: string, figures: readonly Figure[]): Html | false {
  if (figures.length === 0) return false;
  const names = new Set(figures.map(({ name }) => name));
  const rows = figures.filter(({ name }) => !(name.endsWith(CI) && names.has(name.slice(0, -CI.length))));
  const intervals = new Map(figures.map(({ name, measured }) => [name, measured]));
  const hasIntervals = rows.length < figures.length;
  const hasLimits = rows.some(({ limit }) => limit !== null);
  const headings: Heading[] = ['figure', 'measured', ...(hasIntervals ? ['95 % interval'] : []), ...(hasLimits ? ['limit'] : [])];
  const cells = rows.map(({ name, measured, limit }) => [
    titleOf(name),
    valueOf(name, measured),
    ...(hasIntervals ? [intervals.get(`${name}${CI}`) ?? null] : []),
    ...(hasLimits ? [valueOf(name, limit)] : []),
  ]);
  return table(caption, headings, cells);
}

/** What was found in each column and what is expected of it; many columns of which nothing is expected are folded away. */
export function columnTable(columns: readonly Figure[]): Html | false {
  if (columns.length === 0) return false;
  const isFolded = ({ limit }: Figure): boolean => limit === null && columns.length > FOLDED;
  const open = columns.filter((column) => !isFolded(column));
  const folded = columns.filter(isFolded);
  return html`${open.length > 0 && columnRows('Columns', open)}${
    folded.length > 0 &&
    html`<details>
      <summary>${folded.length} columns of which nothing more is expected</summary>
      ${columnRows('Other columns', folded)}
    </details> `
  }`;
}

function columnRows(caption: string, columns: readonly Figure[]): Html {
  const rows = columns.map(({ name, measured, limit }) => [name, measured, limit]);
  return table(caption, ['column', 'found', 'expected'], rows);
}

/** The figures of slices, a slice a row. */
export function sliceTable(caption: string, slices: readonly Group[]): Html | false {
  if (slices.length === 0) return false;
  const found = new Set(slices.flatMap(({ figures }) => figures.map(({ name }) => name)));
  const names = [...found].filter((name) => !isIntervalOf(name, found)).sort((one, other) => rank(one) - rank(other));
  const headings: Heading[] = ['slice', ...names.map((name): Heading => ({ text: titleOf(name), number: true }))];
  const rows = slices.map(({ title, figures }) => [title, ...names.map((name) => sliceCell(figures, name))]);
  return html`<div class="dense">${table(caption, headings, rows)}</div>`;
}

function sliceCell(figures: readonly Figure[], name: string): Child {
  const figure = figures.find((one) => one.name === name);
  const interval = figures.find((one) => one.name === `${name}${CI}`)?.measured;
  const more = [interval !== undefined && interval, figure?.limit !== null && figure?.limit].filter(Boolean) as string[];
  if (more.length === 0) return figure?.measured;
  return html`${figure?.measured ?? '–'}${more.map((words) => html`<br /><span class="quiet">${words}</span>`)}`;
}

function isIntervalOf(name: string, names: ReadonlySet<string>): boolean {
  return name.endsWith(CI) && names.has(name.slice(0, -CI.length));
}

function rank(name: string): number {
  const at = SLICE_ORDER.indexOf(name);
  return at === -1 ? SLICE_ORDER.length : at;
}

/** A figure or its limit as the record has it; a large number of bytes also as people say it. */
export function valueOf(name: string, text: string | null): Child {
  const size = readableSize(name, text);
  return size === null ? text : html`${text} <span class="quiet">(${size})</span>`;
}
