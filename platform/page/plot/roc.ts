import { scaleLinear } from 'd3-scale';
import { line } from 'd3-shape';
import type { Point } from '../../../domain/curves.js';
import { html, type Html } from '../html.js';
import { percentText } from '../titles.js';
import { bottomAxis, leftAxis } from './axes.js';
import { point, rule, svg, text, type Box, type Drawing } from './svg.js';

/** One ROC curve and what stands beside it; the second of a drawing is dashed. */
export interface RocCurve {
  readonly name: string;
  readonly points: readonly Point[];
}

/** Where a classifier works: the point on its curve that its own threshold makes. */
export interface OperatingPoint {
  readonly falsePositiveRate: number;
  readonly truePositiveRate: number;
}

const BOX: Box = { left: 44, top: 30, right: 338, bottom: 324 };
const HEIGHT = 364;
const KINDS = ['first', 'second'] as const;
const TICKS = [0, 0.2, 0.4, 0.6, 0.8, 1];
const LEGEND = { left: 138, top: 268, line: 18, sample: 26 };

/** ROC curves over the diagonal of chance, x the share of negatives and y the share of positives that are called positive. */
export function rocPlot(drawing: Omit<Drawing, 'height'>, curves: readonly RocCurve[], at?: OperatingPoint): Html {
  const x = scaleLinear([0, 1], [BOX.left, BOX.right]);
  const y = scaleLinear([0, 1], [BOX.bottom, BOX.top]);
  const path = line<Point>(
    ([share]) => x(share),
    ([, share]) => y(share),
  ).digits(2);
  const axis = { ticks: TICKS, format: percentText };
  return svg(
    { ...drawing, height: HEIGHT },
    html`${leftAxis({ ...axis, title: 'positives called positive', scale: y }, BOX)}${bottomAxis(
      { ...axis, title: 'negatives called positive', scale: x },
      BOX,
    )}${rule('chance', [BOX.left, BOX.bottom], [BOX.right, BOX.top])}${curves
      .map(({ points }, i) => html`<path class="${KINDS[i] ?? 'second'}" d="${path(points)}" /> `)
      .reverse()}${at && point([x(at.falsePositiveRate), y(at.truePositiveRate)])}${legend(curves, at !== undefined)}`,
  );
}

/** In the corner that a curve worth looking at leaves free. */
function legend(curves: readonly RocCurve[], hasPoint: boolean): Html {
  const rows = [...curves.map(({ name }, i) => [KINDS[i] ?? 'second', name] as const), ['chance', 'chance'] as const];
  const first = LEGEND.top - (rows.length + (hasPoint ? 1 : 0) - 3) * LEGEND.line;
  const words = LEGEND.left + LEGEND.sample + 6;
  const lines = rows.map(([kind, name], i) => {
    const middle = first + i * LEGEND.line;
    return [
      rule(kind, [LEGEND.left, middle - 4], [LEGEND.left + LEGEND.sample, middle - 4]),
      text([words, middle], name, { kind: 'halo' }),
    ];
  });
  const last = first + rows.length * LEGEND.line;
  const mark = [
    point([LEGEND.left + LEGEND.sample / 2, last - 4]),
    text([words, last], "at the model's own threshold", { kind: 'halo' }),
  ];
  return html`${lines}${hasPoint && mark}`;
}
