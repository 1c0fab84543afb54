import type { Baseline, Reading } from './live.js';
import { apart, broken, lowest, notKnown, type Condition, type Limit, type WatchRules } from './live-condition.js';
import { formatFigure, wilsonInterval, type Confusion } from './metrics.js';
import { Z99 } from './tails.js';

/** How far an accuracy is below the baseline: the difference of the two shares, and what it is at least, in 99 of 100 cases. */
export interface AccuracyDrop {
  readonly drop: number;
  readonly atLeast: number;
}

/**
 * How far `hits` of `rows` are below `baselineHits` of `baselineRows`, with the lower end of a one-sided 99 % interval that
 * allows for both sample sizes (Newcombe 1998, Statistics in Medicine 17:873, method 10). Throws a RangeError on no rows.
 */
export function accuracyDrop(baselineHits: number, baselineRows: number, hits: number, rows: number): AccuracyDrop {
  const [before, now] = [baselineHits / baselineRows, hits / rows];
  const { low } = wilsonInterval(baselineHits, baselineRows, Z99);
  const { high } = wilsonInterval(hits, rows, Z99);
  return { drop: before - now, atLeast: before - now - Math.hypot(before - low, high - now) };
}

/**
 * How the accuracy stands. Rules §4: "An accuracy drop counts only over at least `min_labels` and when the one-sided 99 % interval
 * of baseline minus live, with both sample sizes, excludes zero; otherwise it is `unknown`."
 */
export function accuracyCondition(labels: Reading<Confusion>, baseline: Baseline, rules: WatchRules): Condition {
  const limits: Limit[] = [
    ['rollback', rules.rollback.accuracy_drop],
    ['critical', rules.alerts.critical.accuracy_drop],
    ['warning', rules.alerts.warning.accuracy_drop],
    ['info', rules.alerts.info.accuracy_drop],
  ];
  const known = {
    limit: `drop > ${formatFigure(lowest(limits))}`,
    baseline: baseline.accuracy === null ? '' : formatFigure(baseline.accuracy),
  };
  if (!labels.known) return notKnown('accuracy', `${labels.why}; ${STAND_INS}`, known);
  const { truePositives, trueNegatives, falsePositives, falseNegatives } = labels.value;
  const hits = truePositives + trueNegatives;
  const rows = hits + falsePositives + falseNegatives;
  // A source that extrapolates answers nearly whole numbers.
  if (rows <= 0 || rows < rules.watch.min_labels - 1e-6) {
    const few = `${formatFigure(rows, 0)} labels, and ${rules.watch.min_labels} are needed`;
    return notKnown('accuracy', `${few}; ${STAND_INS}`, known);
  }
  const measured = formatFigure(hits / rows);
  if (baseline.accuracy === null || !baseline.rows) {
    return notKnown('accuracy', `there is no baseline to compare it with; ${STAND_INS}`, { ...known, measured });
  }
  const { drop, atLeast } = accuracyDrop(baseline.accuracy * baseline.rows, baseline.rows, hits, rows);
  const over = broken(drop, limits);
  const shown = apart(drop, over?.[1] ?? lowest(limits));
  const limit = `drop > ${shown.limit}`;
  const against = `${formatFigure(rows, 0)} labels against ${baseline.rows} hold-out rows`;
  if (over && atLeast <= 0) {
    const why = `a drop of ${shown.figure} may be chance: ${against}, at the one-sided 99 % interval; ${STAND_INS}`;
    return notKnown('accuracy', why, { ...known, limit, measured });
  }
  const sure = `at least ${formatFigure(atLeast, 4)} with 99 % confidence`;
  const why = over ? `${shown.figure} below the baseline, beyond ${shown.limit}; ${sure}, ${against}` : '';
  return { condition: 'accuracy', severity: over?.[0] ?? 'none', known: true, measured, limit, baseline: known.baseline, why };
}

/** Rules §4: "until then error rate, latency and drift stand in, marked as such". */
const STAND_INS = 'error rate, latency and drift stand in';
