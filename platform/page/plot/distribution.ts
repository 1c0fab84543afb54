import { scaleLinear, scaleLog } from 'd3-scale';
import { line } from 'd3-shape';
import type { Point } from '../../../domain/curves.js';
import { html, type Html } from '../html.js';
import { percentText } from '../titles.js';
import { bottomAxis, leftAxis } from './axes.js';
import { point, rule, svg, text, type Box, type Drawing } from './svg.js';

/** A figure of the distribution that has a name: `p95` at 12 ms, where 95 % took no longer. */
export interface Percentile {
  readonly name: string;
  readonly ms: number;
  readonly share: number;
}

/** What is drawn of a latency: its curve (x milliseconds, y the share that took no longer), its percentiles, and the limit. */
export interface Distribution {
  readonly curve: readonly Point[];
  readonly percentiles: readonly Percentile[];
  readonly limitMs: number | undefined;
}

const BOX: Box = { left: 44, top: 30, right: 346, bottom: 256 };
const HEIGHT = 296;
const SHARES = [0, 0.25, 0.5, 0.75, 1];
/** No clock tells less apart, and a logarithm has to begin somewhere. */
const LEAST_MS = 0.001;
/** How far the axis goes on beyond what is drawn, as a factor. */
const MARGIN = 2;
const PLACES = ['right', 'left', 'right'] as const;
const LINE = 18;
const KEY_WIDTH = 160;
const KEY_SAMPLE = 28;
const KEY_LOW = 180;
const KEY_HIGH = 60;

/** A distribution of latencies over a logarithmic axis, on which a model far under its limit can be read as well. */
export function distributionPlot(drawing: Omit<Drawing, 'height'>, { curve, percentiles, limitMs }: Distribution): Html {
  const drawn = curve.map(([ms, share]): Point => [atLeast(ms), share]);
  const all = [
    ...drawn.map(([ms]) => ms),
    ...percentiles.map(({ ms }) => atLeast(ms)),
    ...(limitMs === undefined ? [] : [atLeast(limitMs)]),
  ];
  const x = scaleLog([Math.min(...all) / MARGIN, Math.max(...all) * MARGIN], [BOX.left, BOX.right]);
  const y = scaleLinear([0, 1], [BOX.bottom, BOX.top]);
  const path = line<Point>(
    ([ms]) => x(ms),
    ([, share]) => y(share),
  ).digits(2);
  const under = { title: 'within milliseconds (logarithmic)', scale: x, ticks: powers(x.ticks()), format: String };
  const limit = limitMs !== undefined && rule('limit', [x(atLeast(limitMs)), BOX.top], [x(atLeast(limitMs)), BOX.bottom]);
  return svg(
    { ...drawing, height: HEIGHT },
    html`${leftAxis({ title: 'predictions answered', scale: y, ticks: SHARES, format: percentText }, BOX)}${bottomAxis(under, BOX)}${limit}
      <path class="first" d="${path(drawn)}" />
      ${percentiles.map(({ name, ms, share }, i) => labelled(name, [x(atLeast(ms)), y(share)], PLACES[i] ?? 'right'))}${key(
        { curve: drawn, percentiles, limitMs },
        x,
      )}`,
  );
}

function atLeast(ms: number): number {
  return Math.max(LEAST_MS, ms);
}

/** The powers of ten among the ticks of a logarithmic scale; all of them where there is hardly one. */
function powers(ticks: readonly number[]): number[] {
  const tens = ticks.filter((tick) => Number.isInteger(Math.log10(tick)));
  return tens.length >= 2 ? tens : ticks.filter((tick) => /^0?\.?0*[125]0*$/.test(String(tick)));
}

/** A percentile's point with its name: to the right under the curve, to the left over it. */
function labelled(name: string, [x, y]: readonly [number, number], to: 'left' | 'right'): Html {
  const place = to === 'right' ? ([x + 7, y + 15] as const) : ([x - 7, y - 3] as const);
  return html`${point([x, y])}${text(place, name, { kind: 'halo', to })}`;
}

/** The figures themselves, in the corner that the curve leaves free, beside the line of the limit and not on it. */
function key({ percentiles, limitMs }: Distribution, x: (ms: number) => number): Html {
  const middle = (BOX.left + BOX.right) / 2;
  const isLow = percentiles.every(({ name, ms }) => name !== 'p50' || x(atLeast(ms)) < middle);
  const limitAt = limitMs === undefined ? BOX.right : x(atLeast(limitMs));
  const left = isLow ? (limitAt > middle ? limitAt : BOX.right) - KEY_WIDTH : BOX.left + 10;
  const words = left + KEY_SAMPLE + 6;
  const top = isLow ? KEY_LOW : KEY_HIGH;
  const rows = percentiles.map(({ name, ms }, i) => text([words, top + i * LINE], `${name} ${ms} ms`, { kind: 'halo' }));
  if (limitMs === undefined) return html`${rows}`;
  const last = top + rows.length * LINE;
  const sample = rule('limit', [left, last - 4], [left + KEY_SAMPLE, last - 4]);
  return html`${rows}${sample}${text([words, last], `p95 limit ${limitMs} ms`, { kind: 'halo limit-text' })}`;
}
