import { curveText } from '../../domain/curves.js';
import { keepsMaximum, latencyCurve, latencyFigures } from '../../domain/load.js';
import { formatApart, formatFigure } from '../../domain/metrics.js';
import { found, type Check } from './check.js';

const NAME = 'latency';

/** Passes when the 95th percentile of single predictions, under the policy's load, keeps to the policy's maximum (rules §2). */
export const latency: Check = {
  name: NAME,
  needs: 'load',
  async run(context) {
    const { max } = context.policy.thresholds.latency_p95;
    const limit = { p95_ms: `<= ${formatFigure(max)}` };
    const { measured, reasons, source } = await context.underLoad();
    const from = `${source}; percentiles by nearest rank, from when a prediction was due to its answer`;
    if (!measured) return found(NAME, reasons, { measured: {}, limit, source: from });
    const { p50, p95, p99, max: longest } = latencyFigures(measured.latenciesMs);
    const [figure, asked] = formatApart(p95, max);
    const isSlow = !keepsMaximum(p95, max);
    if (isSlow) mustBeTheModel(p95, latencyFigures(measured.undisturbedMs).p95, max);
    const slow = isSlow ? [`p95 of single predictions ${figure} ms is above ${asked} ms`] : [];
    const texts = {
      p50_ms: formatFigure(p50),
      p95_ms: figure,
      p99_ms: formatFigure(p99),
      max_ms: formatFigure(longest),
      predictions: String(measured.answered),
    };
    const curves = { latency_ms: curveText(latencyCurve(measured.latenciesMs)) };
    return found(NAME, [...reasons, ...slow], { measured: texts, limit, source: from, curves });
  },
};

/** A busy machine can make any model slow: that is no measurement of it. It can make none fast, so a pass needs no such look. */
function mustBeTheModel(p95: number, undisturbed: number, max: number): void {
  if (!keepsMaximum(undisturbed, max)) return;
  throw new Error(
    `other work on this machine held the model's process up: p95 of single predictions was ${formatFigure(p95)} ms, ` +
      `without that it would be ${formatFigure(undisturbed)} ms`,
  );
}
