import { scaleLinear } from 'd3-scale';
import type { Interval } from '../../../domain/metrics.js';
import { html, type Html } from '../html.js';
import { bottomAxis } from './axes.js';
import { point, rule, svg, text, WIDTH, type Drawing } from './svg.js';

/** One figure with its interval, beside the limit it is held against. */
export interface IntervalRow {
  readonly title: string;
  readonly figure: number;
  readonly interval: Interval | undefined;
  /** The limit as a place on the axis, and as it is written. */
  readonly limit: { readonly at: number; readonly words: string } | undefined;
}

const [LEFT, RIGHT] = [14, WIDTH - 14];
const TOP = 8;
const ROW = 46;
const FOOT = 24;

/** Figures on one axis, each a point on the line of its interval, with a dashed line where its limit is. */
export function intervalPlot(drawing: Omit<Drawing, 'height'>, rows: readonly IntervalRow[], whole?: Interval): Html {
  const bottom = TOP + rows.length * ROW;
  const x = scaleLinear(extent(rows), [LEFT, RIGHT]).nice();
  const [low = 0, high = 1] = x.domain();
  if (whole) x.domain([Math.max(whole.low, low), Math.min(whole.high, high)]);
  const axis = bottomAxis(
    { title: '', scale: x, ticks: x.ticks(5), format: x.tickFormat(5) },
    { left: LEFT, right: RIGHT, top: TOP, bottom },
  );
  return svg({ ...drawing, height: bottom + FOOT }, html`${axis}${rows.map((row, i) => drawRow(row, TOP + i * ROW, x))}`);
}

function drawRow({ title, figure, interval, limit }: IntervalRow, top: number, x: (figure: number) => number): Html {
  const [words, middle] = [top + 13, top + 30];
  const ends = interval && [x(interval.low), x(interval.high)];
  const whisker = ends && [
    rule('first', [ends[0] ?? 0, middle], [ends[1] ?? 0, middle]),
    ends.map((end) => rule('first', [end, middle - 5], [end, middle + 5])),
  ];
  const bound = limit && rule('limit', [x(limit.at), middle - 11], [x(limit.at), middle + 11]);
  return html`${text([LEFT, words], `${title} ${figure}`, { kind: 'halo' })}${
    limit && text([RIGHT, words], limit.words, { kind: 'halo limit-text', to: 'left' })
  }${bound}${whisker}${point([x(figure), middle])}`;
}

function extent(rows: readonly IntervalRow[]): [number, number] {
  const all = rows.flatMap(({ figure, interval, limit }) => [
    figure,
    ...(interval ? [interval.low, interval.high] : []),
    ...(limit ? [limit.at] : []),
  ]);
  const [low, high] = [Math.min(...all), Math.max(...all)];
  return low === high ? [low - 0.01, high + 0.01] : [low, high];
}
