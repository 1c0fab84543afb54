import type { Finding } from '../../../domain/checks.js';
import { readCurve } from '../../../domain/curves.js';
import { boundIn, intervalIn, numberIn, own } from '../figures.js';
import { html, type Child, type Html } from '../html.js';
import { intervalPlot, type IntervalRow } from '../plot/intervals.js';
import { rocPlot } from '../plot/roc.js';
import { table, type Heading } from '../table.js';
import { titleOf } from '../titles.js';
import type { Draw } from './drawn.js';
import { described } from './performance.js';

const COMPARED = ['accuracy', 'roc_auc'] as const;
const PAIRED = ['both_right', 'only_candidate_right', 'only_production_right', 'both_wrong'] as const;

/** Both ROC curves, the differences with their intervals, and how often each of the two was right where the other was not. */
export const drawNotWorse: Draw = (finding, { version }) => {
  const { measured } = finding;
  const production = own(measured, 'production_version') ?? 'production';
  const differences = COMPARED.flatMap((name) => differenceRow(name, finding) ?? []);
  const plot = differences.length > 0 && differencePlot(differences, version, production);
  const compared = comparison(finding, version, production);
  const pairs = paired(measured, version, production);
  return {
    markup: html`<div class="drawings">
      ${rocs(finding, version, production)}
      <div class="beside">${compared}${pairs}${plot}</div>
    </div> `,
    shown: [...(pairs ? PAIRED : []), ...(compared ? figureNames() : [])],
  };
};

function rocs({ measured, curves }: Finding, version: string, production: string): Html | undefined {
  const [candidate, old] = [readCurve(curves?.['roc'] ?? ''), readCurve(curves?.['production_roc'] ?? '')];
  if (!candidate || !old) return undefined;
  const [area, productionArea] = [own(measured, 'roc_auc') ?? '–', own(measured, 'production_roc_auc') ?? '–'];
  const drawing = {
    id: 'not-worse-roc',
    title: 'ROC curves on the same hold-out rows',
    description: `The area under the curve of ${version} is ${area}, under that of ${production}, which was in production, ${productionArea}.`,
  };
  return rocPlot(drawing, [
    { name: `${version}, area ${area}`, points: candidate },
    { name: `${production}, area ${productionArea}`, points: old },
  ]);
}

function figureNames(): string[] {
  return COMPARED.flatMap((name) => [name, `production_${name}`, `${name}_difference`, `${name}_difference_ci95`]);
}

/** Candidate, production and their difference, a figure a row. */
function comparison({ measured, limit }: Finding, version: string, production: string): Html | undefined {
  const rows = COMPARED.map((name) => [
    titleOf(name),
    own(measured, name),
    own(measured, `production_${name}`),
    withInterval(own(measured, `${name}_difference`), own(measured, `${name}_difference_ci95`)),
    own(limit, name),
  ]);
  if (rows.every((cells) => cells[1] === null)) return undefined;
  const number = (text: string): Heading => ({ text, number: true });
  const headings = [
    'figure',
    number(version),
    number(`${production} (production)`),
    number('difference (95 % interval)'),
    'limit',
  ];
  return table(`${version} beside ${production}, which was in production`, headings, rows);
}

function withInterval(difference: string | null, interval: string | null): Child {
  return interval === null ? difference : html`${difference}<br /><span class="quiet">${interval}</span>`;
}

function paired(measured: Finding['measured'], version: string, production: string): Html | undefined {
  const [both, onlyCandidate, onlyProduction, neither] = PAIRED.map((name) => own(measured, name));
  if ([both, onlyCandidate, onlyProduction, neither].some((count) => count === null || count === undefined)) return undefined;
  const number = (text: string): Heading => ({ text, number: true });
  return table(
    'The same rows, answered by both',
    ['', number(`${production} right`), number(`${production} wrong`)],
    [
      [`${version} right`, both, onlyCandidate],
      [`${version} wrong`, onlyProduction, neither],
    ],
  );
}

/** A difference, candidate less production, beside the least that is allowed: none, or the policy's margin. */
function differenceRow(name: (typeof COMPARED)[number], { measured, limit }: Finding): IntervalRow | undefined {
  const figure = numberIn(own(measured, `${name}_difference`));
  if (figure === undefined) return undefined;
  const [least, old] = [boundIn(own(limit, name))?.bound, numberIn(own(measured, `production_${name}`))];
  const at = least === undefined || old === undefined ? undefined : Math.round((least - old) * 1e6) / 1e6;
  return {
    title: titleOf(name),
    figure,
    interval: intervalIn(own(measured, `${name}_difference_ci95`)),
    limit: at === undefined ? undefined : { at: at === 0 ? 0 : at, words: at === 0 ? 'limit: no difference' : `limit >= ${at}` },
  };
}

function differencePlot(rows: readonly IntervalRow[], version: string, production: string): Html {
  const title = `Differences with their 95 % intervals: ${version} less ${production}`;
  return intervalPlot(described('not-worse-differences', title, rows), rows);
}
