import type { Finding } from './checks.js';

/** What a version did in its checks, which is what live figures are compared with (rules §4); null where it was not measured. */
export interface Baseline {
  readonly accuracy: number | null;
  /** The rows of the hold-out set behind it. */
  readonly rows: number;
  readonly precision: number | null;
  readonly recall: number | null;
  readonly f1: number | null;
  /** Milliseconds, of single predictions under the policy's load. */
  readonly latencyP95: number | null;
}

/** The baseline that the findings of a promotion make. */
export function baselineOf(findings: readonly Pick<Finding, 'check' | 'measured'>[]): Baseline {
  const measured = (check: string): Readonly<Record<string, string>> =>
    findings.find((finding) => finding.check === check)?.measured ?? {};
  const { accuracy, rows, precision, recall, f1 } = measured('performance');
  return {
    accuracy: figureOf(accuracy),
    rows: figureOf(rows) ?? 0,
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
