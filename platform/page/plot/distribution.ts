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

const BOX: Box = { left: 44, top: 30, right: 350, bottom: 256 };
const HEIGHT = 296;
const SHARES = [0, 0.25, 0.5, 0.75, 1];
/** No clock tells less apart, and a logarithm has to begin somewhere. */
const LEAST_MS = 0.001;

/** A distribution of latencies over a logarithmic axis, on which a model far under its limit can be read as well. */
export function distributionPlot(drawing: Omit<Drawing, 'height'>, { curve, percentiles, limitMs }: Distribution): Html {
  const drawn = curve.map(([ms, share]): Point => [Math.max(LEAST_MS, ms), share]);
  const [first, last] = [drawn[0]?.[0] ?? LEAST_MS, drawn.at(-1)?.[0] ?? LEAST_MS];
  const ends = [Math.min(first, limitMs ?? first), Math.max(last, limitMs ?? last)] as const;
  const x = scaleLog([Math.max(LEAST_MS, ends[0] / 2), ends[1] * 2], [BOX.left, BOX.right]);
  const y = scaleLinear([0, 1], [BOX.bottom, BOX.top]);
  const path = line<Point>(
    ([ms]) => x(ms),
    ([, share]) => y(share),
  ).digits(2);
  return svg(
    { ...drawing, height: HEIGHT },
    html`${leftAxis({ title: 'predictions answered', scale: y, ticks: SHARES, format: percentText }, BOX)}${bottomAxis(
        { title: 'within milliseconds (logarithmic)', scale: x, ticks: powers(x.ticks()), format: String },
        BOX,
      )}${limitMs !== undefined && limit(x(Math.max(LEAST_MS, limitMs)), limitMs)}<path class="first" d="${path(drawn)}" />
      ${percentiles.map((one, i) => labelled(one, [x(Math.max(LEAST_MS, one.ms)), y(one.share)], i % 2 === 0 ? 'below' : 'above'))}`,
  );
}

/** The powers of ten among the ticks of a logarithmic scale; all of them where there is hardly one. */
function powers(ticks: readonly number[]): number[] {
  const tens = ticks.filter((tick) => Number.isInteger(Math.log10(tick)));
  return tens.length >= 2 ? tens : ticks.filter((tick) => /^0?\.?0*[125]0*$/.test(String(tick)));
}

function limit(x: number, ms: number): Html {
  const side = x > (BOX.left + BOX.right) / 2 ? 'left' : 'right';
  const place = [x + (side === 'left' ? -6 : 6), BOX.bottom - 8] as const;
  return html`${rule('limit', [x, BOX.top], [x, BOX.bottom])}${text(place, `p95 limit ${ms} ms`, { kind: 'halo limit-text', to: side })}`;
}

/** Under its curve there is room to the right, over it to the left. */
function labelled({ name, ms }: Percentile, [x, y]: readonly [number, number], side: 'above' | 'below'): Html {
  const words = `${name} ${ms} ms`;
  const isBelow = side === 'below';
  const place = isBelow ? ([x + 8, y + 14] as const) : ([x - 8, y - 2] as const);
  return html`${point([x, y])}${text(place, words, { kind: 'halo', to: isBelow ? 'right' : 'left' })}`;
}
