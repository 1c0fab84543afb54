import type { Finding } from '../../../domain/checks.js';
import { readCurve } from '../../../domain/curves.js';
import type { Confusion } from '../../../domain/metrics.js';
import { boundIn, figuresOf, intervalIn, numberIn, own } from '../figures.js';
import { html, type Html } from '../html.js';
import { intervalPlot, type IntervalRow } from '../plot/intervals.js';
import { rocPlot } from '../plot/roc.js';
import { percentText, titleOf } from '../titles.js';
import { CONFUSION_NAMES, confusionIn, confusionTable } from './confusion.js';
import type { Draw } from './drawn.js';

const WHOLE = { low: 0, high: 1 };

/** ROC curve, confusion matrix, and the figures on their intervals beside the thresholds; the same for slices. */
export const drawPerformance: Draw = (finding, { version }) => {
  const confusion = confusionIn(finding.measured);
  const slices = figuresOf(finding).slices.flatMap(({ title, figures }) => {
    const texts = (part: 'measured' | 'limit') => Object.fromEntries(figures.map((one) => [one.name, one[part] ?? '']));
    return intervalRow('accuracy', title, { measured: texts('measured'), limit: texts('limit') }) ?? [];
  });
  return {
    markup: html`<div class="drawings">
      ${roc(finding, version, confusion)}
      <div class="beside">${confusion && confusionTable(confusion)}${figureIntervals(finding)}</div>
      ${slices.length > 0 && sliceIntervals(slices)}
    </div> `,
    shown: confusion ? CONFUSION_NAMES : [],
  };
};

/** One figure with its interval and limit as a row of a plot; undefined where it is no number. */
export function intervalRow(
  name: string,
  title: string,
  { measured, limit }: Pick<Finding, 'measured' | 'limit'>,
): IntervalRow | undefined {
  const figure = numberIn(own(measured, name));
  if (figure === undefined) return undefined;
  const written = own(limit, name) ?? '';
  const asked = boundIn(written);
  // The policy may hold the lower end of the interval against the threshold, not the figure.
  const which = written.includes('lower end') ? ' for the lower end' : '';
  return {
    title,
    figure,
    interval: intervalIn(own(measured, `${name}_ci95`)),
    limit: asked && { at: asked.bound, words: `limit ${asked.sign} ${asked.bound}${which}` },
  };
}

function roc({ measured, curves }: Finding, version: string, confusion: Confusion | undefined): Html | undefined {
  const points = readCurve(curves?.['roc'] ?? '');
  if (!points) return undefined;
  const area = own(measured, 'roc_auc');
  const at = confusion && {
    falsePositiveRate: confusion.falsePositives / (confusion.falsePositives + confusion.trueNegatives),
    truePositiveRate: confusion.truePositives / (confusion.truePositives + confusion.falseNegatives),
  };
  const hasPoint = at !== undefined && Number.isFinite(at.falsePositiveRate) && Number.isFinite(at.truePositiveRate);
  const threshold = hasPoint
    ? ` At its own threshold the model calls ${percentText(at.truePositiveRate)} of the positives and ${percentText(at.falsePositiveRate)} of the negatives positive.`
    : '';
  const drawing = {
    id: 'performance-roc',
    title: 'ROC curve on the hold-out set',
    description: `The ROC curve of ${version}; the area under it is ${area ?? 'not on the record'}.${threshold}`,
  };
  return rocPlot(drawing, [{ name: `${version}, area ${area ?? '–'}`, points }], hasPoint ? at : undefined);
}

function figureIntervals(finding: Finding): Html | false {
  const rows = ['accuracy', 'roc_auc'].flatMap((name) => intervalRow(name, titleOf(name), finding) ?? []);
  return (
    rows.length > 0 && intervalPlot(described('performance-intervals', 'Figures with their 95 % intervals', rows), rows, WHOLE)
  );
}

function sliceIntervals(rows: readonly IntervalRow[]): Html {
  return intervalPlot(described('performance-slices', 'Accuracy of each slice with its 95 % interval', rows), rows, WHOLE);
}

/** What an interval plot shows, also in words. */
export function described(id: string, title: string, rows: readonly IntervalRow[]) {
  const words = rows.map(({ title: name, figure, interval, limit }) => {
    const between = interval ? `, between ${interval.low} and ${interval.high}` : '';
    return `${name} ${figure}${between}${limit ? `, ${limit.words}` : ''}`;
  });
  return { id, title, description: `${words.join('; ')}.` };
}
