import { accuracyCondition } from './accuracy-drop.js';
import { conceptDriftCondition, type Trend } from './concept-drift.js';
import { driftCondition } from './drift/drift-condition.js';
import type { WindowDrift } from './drift/window-drift.js';
import type { Baseline, LiveReading, Reading, ServiceFigures } from './live.js';
import {
  apart,
  broken,
  lowest,
  notKnown,
  worstSeverity,
  type Condition,
  type ConditionSeverity,
  type Limit,
  type WatchRules,
} from './live-condition.js';
import { formatFigure } from './metrics.js';
import type { Health } from './soak.js';

/** What a window is judged on. */
export interface SeenWindow {
  readonly reading: LiveReading;
  readonly drift: Reading<WindowDrift>;
  readonly trend: Reading<Trend>;
}

/** What a window comes to. */
export interface WindowVerdict {
  /** One of each name, in the order of `CONDITIONS`. */
  readonly conditions: readonly Condition[];
  /** The worst of them. */
  readonly severity: ConditionSeverity;
  readonly health: Health;
}

/** Judges one window of a version's live figures against the baseline and the policy's limits (rules §4). */
export function judgeWindow({ reading, drift, trend }: SeenWindow, baseline: Baseline, rules: WatchRules): WindowVerdict {
  const conditions = [
    accuracyCondition(reading.labels, baseline, rules),
    errorRateCondition(reading.service, rules),
    latencyCondition(reading.service, baseline, rules),
    driftCondition(drift, rules.drift),
    conceptDriftCondition(trend, rules),
  ];
  const severity = worstSeverity(conditions.map((condition) => condition.severity));
  return { conditions, severity, health: healthOf(severity, conditions) };
}

/**
 * The health of a window: as bad as its worst condition, where smaller changes are healthy. Without an alert it is healthy as soon
 * as error rate and latency are known, which stand in for the accuracy while labels are missing, and unknown before.
 */
function healthOf(severity: ConditionSeverity, conditions: readonly Condition[]): Health {
  if (severity === 'rollback' || severity === 'critical') return 'critical';
  if (severity === 'warning') return 'warning';
  const standIns = conditions.filter(({ condition }) => condition === 'error-rate' || condition === 'latency');
  return standIns.every(({ known }) => known) ? 'healthy' : 'unknown';
}

function errorRateCondition(service: Reading<ServiceFigures>, rules: WatchRules): Condition {
  const limits: Limit[] = [
    ['rollback', rules.rollback.error_rate],
    ['critical', rules.alerts.critical.error_rate],
  ];
  const missing = whyUnknown(service, rules);
  if (missing !== undefined) return notKnown('error-rate', missing, { limit: `> ${formatFigure(lowest(limits))}` });
  const { requests, errors } = enough(service);
  const rate = errors / requests;
  return judged('error-rate', rate, limits, '', (beyond) => `${beyond.figure} of ${formatFigure(requests, 0)} requests failed`);
}

function latencyCondition(service: Reading<ServiceFigures>, { latencyP95 }: Baseline, rules: WatchRules): Condition {
  const limits: Limit[] = [
    ['rollback', rules.rollback.latency_p95],
    ['warning', rules.alerts.warning.latency_p95],
  ];
  const baseline = latencyP95 === null ? '' : formatFigure(latencyP95);
  const known = { limit: `> ${formatFigure(lowest(limits))} ms`, baseline };
  const missing = whyUnknown(service, rules);
  if (missing !== undefined) return notKnown('latency', missing, known);
  const { latency } = enough(service);
  if (!latency) return notKnown('latency', 'no prediction was answered whose latency is known', known);
  return judged('latency', latency.p95, limits, baseline, (beyond) => `p95 is ${beyond.figure} ms`, ' ms');
}

/** Why a window's service is not judged: "a window with too few samples is unknown" (rules §4). */
function whyUnknown(service: Reading<ServiceFigures>, { watch }: WatchRules): string | undefined {
  if (!service.known) return service.why;
  const { requests } = service.value;
  // A source that extrapolates answers nearly whole numbers.
  if (requests >= watch.min_samples - 1e-6 && requests > 0) return undefined;
  return `${formatFigure(requests, 0)} requests, and ${watch.min_samples} are needed`;
}

function enough(service: Reading<ServiceFigures>): ServiceFigures {
  if (!service.known) throw new RangeError('what is not known is not judged');
  return service.value;
}

function judged(
  condition: 'error-rate' | 'latency',
  figure: number,
  limits: readonly Limit[],
  baseline: string,
  why: (beyond: { readonly figure: string }) => string,
  unit = '',
): Condition {
  const over = broken(figure, limits);
  const shown = apart(figure, over?.[1] ?? lowest(limits));
  return {
    condition,
    severity: over?.[0] ?? 'none',
    known: true,
    measured: shown.figure,
    limit: `> ${shown.limit}${unit}`,
    baseline,
    why: over ? `${why(shown)}, beyond ${shown.limit}${unit}` : '',
  };
}
