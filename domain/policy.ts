import type { JsonValue } from './canonical.js';
import type { DataExpectations } from './data-quality.js';
import type { RightsTable } from './rights.js';
import { FAIL_AT, type ScanPolicy } from './scan.js';
import type { Gating } from './thresholds.js';
import type { WatchSections } from './watch-policy.js';

/** The four gates, in the order in which they are shown (rules §3). */
export const GATES = ['data-science', 'devops', 'business', 'security'] as const;
export type Gate = (typeof GATES)[number];

/** Where the figures of a version in service come from: the prediction log in PostgreSQL, or Prometheus. */
export const METRICS_SOURCES = ['prediction-log', 'prometheus'] as const;

/** Whose approval a gate asks for, and what that person attests. */
export interface GatePolicy {
  readonly asks: string;
  readonly group: string;
  readonly quorum: number;
}

/**
 * An effective policy: a model's file over the defaults, every number in one unit
 * (fractions 0–1, milliseconds, bytes). Its canonical JSON is what the policy digest is taken of.
 */
export interface Policy extends WatchSections {
  readonly model: string;
  readonly thresholds: {
    readonly accuracy: { readonly min: number };
    readonly roc_auc: { readonly min: number };
    readonly latency_p95: { readonly max: number };
    readonly size: { readonly below: number };
    readonly memory: { readonly below: number };
    readonly cpu: { readonly below: number };
  };
  readonly checks: { readonly retries: number };
  /** The load under which latency and resources are measured: predictions per second, for how long, on how many cores. */
  readonly load: { readonly rate: number; readonly for: number; readonly cores: number };
  readonly holdout: { readonly min_rows: number };
  readonly performance: {
    /** Whether figures or the lower ends of their intervals are held against the thresholds. */
    readonly gate: Gating;
    /** Features by whose values the figures are shown as well. */
    readonly slices: readonly string[];
    /** The accuracy asked of every slice; 0 asks for none. */
    readonly slice_accuracy: { readonly min: number };
    /** How much worse than production a candidate may be. */
    readonly margin: number;
  };
  readonly checklist: { readonly documentation: { readonly min_characters: number } };
  readonly scan: ScanPolicy;
  readonly data_quality: DataExpectations;
  readonly soak: {
    readonly min: number;
    readonly max: number;
    readonly remind_before: readonly number[];
    readonly warning: 'ignores' | 'pauses' | 'resets';
  };
  readonly gates: Readonly<Record<Gate, GatePolicy>>;
  /** How long a gate stays unanswered before its group is reminded, and then the escalation group, in milliseconds. */
  readonly reminders: { readonly gate: number; readonly escalate: number; readonly escalation: string };
  readonly contacts: { readonly [who: string]: string | readonly string[] };
  readonly watch: {
    readonly every: number;
    readonly window: number;
    readonly min_samples: number;
    readonly min_labels: number;
    /** Recorded policies may name one that this release does not know; such a source cannot be read. */
    readonly source: string;
  };
  readonly alerts: {
    readonly critical: { readonly accuracy_drop: number; readonly error_rate: number };
    readonly warning: { readonly accuracy_drop: number; readonly latency_p95: number };
    readonly info: { readonly accuracy_drop: number };
  };
  readonly rollback: {
    readonly accuracy_drop: number;
    readonly error_rate: number;
    readonly latency_p95: number;
    readonly windows: number;
    readonly cooldown: number;
  };
  /** Who may do what, besides the gates and {@link Policy.access}. */
  readonly rights: RightsTable;
  /** Recurring times in which nothing is promoted, as written, on the clocks of a time zone of the IANA data base. */
  readonly freeze: { readonly zone: string; readonly windows: readonly { readonly from: string; readonly to: string }[] };
  readonly access: { readonly staging: readonly string[]; readonly production: readonly string[] };
  /** Whole calendar years. */
  readonly retention: { readonly years: number };
}

/** The policy as the JSON value it is canonicalised from. */
export function policyJson(policy: Policy): JsonValue {
  return policy as unknown as JsonValue;
}

interface Bound {
  readonly name: string;
  readonly read: (policy: Policy) => number;
  readonly looserWhen: 'lower' | 'higher';
}

const BOUNDS: readonly Bound[] = [
  { name: 'thresholds.accuracy.min', read: (p) => p.thresholds.accuracy.min, looserWhen: 'lower' },
  { name: 'thresholds.roc_auc.min', read: (p) => p.thresholds.roc_auc.min, looserWhen: 'lower' },
  { name: 'thresholds.latency_p95.max', read: (p) => p.thresholds.latency_p95.max, looserWhen: 'higher' },
  { name: 'thresholds.size.below', read: (p) => p.thresholds.size.below, looserWhen: 'higher' },
  { name: 'thresholds.memory.below', read: (p) => p.thresholds.memory.below, looserWhen: 'higher' },
  { name: 'thresholds.cpu.below', read: (p) => p.thresholds.cpu.below, looserWhen: 'higher' },
  { name: 'load.rate', read: (p) => p.load.rate, looserWhen: 'lower' },
  { name: 'load.for', read: (p) => p.load.for, looserWhen: 'lower' },
  { name: 'load.cores', read: (p) => p.load.cores, looserWhen: 'higher' },
  { name: 'holdout.min_rows', read: (p) => p.holdout.min_rows, looserWhen: 'lower' },
  { name: 'performance.gate', read: (p) => ['point', 'lower'].indexOf(p.performance.gate), looserWhen: 'lower' },
  { name: 'performance.slice_accuracy.min', read: (p) => p.performance.slice_accuracy.min, looserWhen: 'lower' },
  { name: 'performance.margin', read: (p) => p.performance.margin, looserWhen: 'higher' },
  {
    name: 'checklist.documentation.min_characters',
    read: (p) => p.checklist.documentation.min_characters,
    looserWhen: 'lower',
  },
  // The gravest severity alone lets the most through.
  { name: 'scan.fail_at', read: (p) => FAIL_AT.indexOf(p.scan.fail_at), looserWhen: 'lower' },
  { name: 'data_quality.min_rows', read: (p) => p.data_quality.min_rows, looserWhen: 'lower' },
  { name: 'data_quality.nulls', read: (p) => mostNulls(p.data_quality), looserWhen: 'higher' },
  { name: 'data_quality.duplicates', read: (p) => p.data_quality.duplicates, looserWhen: 'higher' },
  { name: 'data_quality.minority', read: (p) => p.data_quality.minority, looserWhen: 'lower' },
  { name: 'data_quality.overlap', read: (p) => p.data_quality.overlap, looserWhen: 'higher' },
  { name: 'data_quality.freshness', read: (p) => p.data_quality.freshness, looserWhen: 'higher' },
  { name: 'soak.min', read: (p) => p.soak.min, looserWhen: 'lower' },
  { name: 'soak.max', read: (p) => p.soak.max, looserWhen: 'higher' },
  { name: 'soak.warning', read: (p) => ['ignores', 'pauses', 'resets'].indexOf(p.soak.warning), looserWhen: 'lower' },
  // One look vouches for three intervals, so rarer looks earn more on less evidence.
  { name: 'watch.every', read: (p) => p.watch.every, looserWhen: 'higher' },
  { name: 'gates.group', read: (p) => new Set(GATES.map((gate) => p.gates[gate].group)).size, looserWhen: 'lower' },
  ...GATES.map((gate): Bound => ({ name: `gates.${gate}.quorum`, read: (p) => p.gates[gate].quorum, looserWhen: 'lower' })),
  { name: 'rollback.accuracy_drop', read: (p) => p.rollback.accuracy_drop, looserWhen: 'higher' },
  { name: 'rollback.error_rate', read: (p) => p.rollback.error_rate, looserWhen: 'higher' },
  { name: 'rollback.windows', read: (p) => p.rollback.windows, looserWhen: 'higher' },
  { name: 'alerts.critical.accuracy_drop', read: (p) => p.alerts.critical.accuracy_drop, looserWhen: 'higher' },
  { name: 'alerts.critical.error_rate', read: (p) => p.alerts.critical.error_rate, looserWhen: 'higher' },
  { name: 'alerts.warning.accuracy_drop', read: (p) => p.alerts.warning.accuracy_drop, looserWhen: 'higher' },
  { name: 'alerts.warning.latency_p95', read: (p) => p.alerts.warning.latency_p95, looserWhen: 'higher' },
  { name: 'rollback.latency_p95', read: (p) => p.rollback.latency_p95, looserWhen: 'higher' },
  { name: 'rollback.cooldown', read: (p) => p.rollback.cooldown, looserWhen: 'higher' },
  // Longer windows, later labels and more samples than are there see a breach later, or never.
  { name: 'watch.window', read: (p) => p.watch.window, looserWhen: 'higher' },
  { name: 'watch.min_samples', read: (p) => p.watch.min_samples, looserWhen: 'higher' },
  { name: 'watch.min_labels', read: (p) => p.watch.min_labels, looserWhen: 'higher' },
  { name: 'labels.delay', read: (p) => p.labels.delay, looserWhen: 'higher' },
  { name: 'labels.window', read: (p) => p.labels.window, looserWhen: 'higher' },
  { name: 'patience.warning', read: (p) => p.patience.warning, looserWhen: 'higher' },
  { name: 'patience.critical', read: (p) => p.patience.critical, looserWhen: 'higher' },
  { name: 'drift.psi', read: (p) => p.drift.psi, looserWhen: 'higher' },
  { name: 'drift.ks', read: (p) => p.drift.ks, looserWhen: 'higher' },
  { name: 'drift.false_alarms', read: (p) => p.drift.false_alarms, looserWhen: 'lower' },
  { name: 'drift.min_rows', read: (p) => p.drift.min_rows, looserWhen: 'higher' },
  // A query that is not asked measures nothing.
  { name: 'prometheus', read: (p) => Object.values(p.prometheus).filter((query) => query !== '').length, looserWhen: 'lower' },
  ...(['critical', 'warning', 'info', 'addressed'] as const).map((severity): Bound => ({
    name: `routing.${severity}`,
    read: (p) => new Set(p.routing[severity]).size,
    looserWhen: 'lower',
  })),
  { name: 'retention.years', read: (p) => p.retention.years, looserWhen: 'lower' },
];

/**
 * The numbers in which a policy is looser than the guidelines (rules §1), by name; empty when in none.
 * `guidelines` is the first `_defaults` on the record, so that no number is a constant of the code.
 */
export function relaxedNumbers(policy: Policy, guidelines: Policy): string[] {
  return BOUNDS.filter(({ read, looserWhen }) =>
    looserWhen === 'lower' ? read(policy) < read(guidelines) : read(policy) > read(guidelines),
  ).map(({ name }) => name);
}

function mostNulls({ nulls, columns }: DataExpectations): number {
  return Math.max(nulls, ...Object.values(columns).map((column) => column.nulls ?? nulls));
}
