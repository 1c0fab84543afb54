import type { Baseline } from './baseline.js';
import { gravest, type Found, type LiveSeverity } from './live-condition.js';
import type { LiveReading } from './live.js';
import { formatFigure } from './metrics.js';
import type { Policy } from './policy.js';
import type { Health } from './soak.js';

export interface Judged {
  readonly found: readonly Found[];
  readonly severity: LiveSeverity;
  readonly health: Health;
}

export function judgeWindow({ reading, baseline }: { reading: LiveReading; baseline: Baseline }, policy: Policy): Judged {
  const { service, labels } = reading;
  const rate = service.known && service.value.requests >= policy.watch.min_samples ? service.value.errors / service.value.requests : null;
  const p95 = rate !== null && service.known ? (service.value.latency?.p95 ?? null) : null;
  const graded = (value: number | null, limits: readonly (readonly [LiveSeverity, number])[]): LiveSeverity => (value === null ? 'none' : (limits.find(([, limit]) => value > limit)?.[0] ?? 'none'));
  const l = labels.known ? labels.value : null;
  const n = l ? l.truePositives + l.falsePositives + l.trueNegatives + l.falseNegatives : 0;
  const accuracy = l && n >= policy.watch.min_labels ? (l.truePositives + l.trueNegatives) / n : null;
  const drop = accuracy === null || baseline.accuracy === null ? null : Math.round((baseline.accuracy - accuracy) * 1e9) / 1e9;
  const one = (condition: Found['condition'], value: number | null, severity: LiveSeverity, limit: number): Found => ({ condition, severity, known: value !== null, measured: value === null ? '' : formatFigure(value), limit: String(limit), baseline: '', why: value === null ? 'unknown' : '' });
  const found = [
    one('accuracy', drop, graded(drop, [['rollback', policy.rollback.accuracy_drop], ['critical', policy.alerts.critical.accuracy_drop], ['warning', policy.alerts.warning.accuracy_drop], ['info', policy.alerts.info.accuracy_drop]]), policy.rollback.accuracy_drop),
    one('error-rate', rate, graded(rate, [['rollback', policy.rollback.error_rate], ['critical', policy.alerts.critical.error_rate]]), policy.rollback.error_rate),
    one('latency', p95, graded(p95, [['rollback', policy.rollback.latency_p95], ['warning', policy.alerts.warning.latency_p95]]), policy.rollback.latency_p95),
  ];
  const severity = gravest(found.map((each) => each.severity));
  const health = rate === null ? 'unknown' : severity === 'none' || severity === 'info' ? 'healthy' : severity === 'warning' ? 'warning' : 'critical';
  return { found, severity, health };
}
