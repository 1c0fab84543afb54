import type { Finding } from './checks.js';
import type { Baseline } from './live.js';

/** The baseline that the findings of a promotion make. */
export function baselineOf(findings: readonly Pick<Finding, 'check' | 'measured'>[]): Baseline {
  const measured = (check: string): Readonly<Record<string, string>> =>
    findings.find((finding) => finding.check === check)?.measured ?? {};
  const { accuracy, rows, precision, recall, f1 } = measured('performance');
  return {
    accuracy: figureOf(accuracy),
    rows: figureOf(rows),
    precision: figureOf(precision),
    recall: figureOf(recall),
    f1: figureOf(f1),
    latencyP95: figureOf(measured('latency')['p95_ms']),
  };
}

function figureOf(text: string | undefined): number | null {
  const figure = text === undefined || text === '' ? NaN : Number(text);
  return Number.isFinite(figure) ? figure : null;
}
