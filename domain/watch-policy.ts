import type { ChannelName, Severity } from './notice.js';

/** What a policy says of the time after a version's traffic begins, besides the figures of `watch`, `alerts` and `rollback`. */
export interface WatchSections {
  /**
   * Labels arrive late: accuracy is computed over the predictions of `window`, as far as their label has arrived, that ended
   * `delay` ago. Milliseconds.
   */
  readonly labels: { readonly delay: number; readonly window: number };
  /** How long a source may be unreadable before that is a warning, and then critical. Milliseconds. */
  readonly patience: { readonly warning: number; readonly critical: number };
  readonly drift: DriftPolicy;
  readonly incidents: {
    /** How many good windows in a row close an incident. */
    readonly recovery_windows: number;
    /** How long after a page, while a rollback is due that cannot be made, the next one follows. Milliseconds. */
    readonly page_again: number;
  };
  /** Whether staging earns its soak without traffic, by the probe of the artifact alone. */
  readonly staging: { readonly traffic: 'optional' | 'required' };
  /** The channels of each severity; `addressed` is for news that name whom they are for. */
  readonly routing: Readonly<Record<Severity | 'addressed', readonly ChannelName[]>>;
  readonly reviews: {
    /** How long after a promotion the review of its performance is due. Milliseconds. */
    readonly performance: number;
  };
  readonly prometheus: PrometheusPolicy;
}

/** When a difference between a window's features and the training set is drift. */
export interface DriftPolicy {
  /** A feature has drifted where its population stability index is beyond this, or its Kolmogorov-Smirnov distance beyond `ks`. */
  readonly psi: number;
  readonly ks: number;
  /** The chance that a window without drift is called drifted, over all its features. */
  readonly false_alarms: number;
  /** The fewest rows that say anything, and the most that are looked at, newest first. */
  readonly min_rows: number;
  readonly max_rows: number;
  /** Into how many bins a feature's training values are cut. */
  readonly bins: number;
  /** Over how many windows that do not overlap the trend of accuracy is tested. */
  readonly trend_windows: number;
}

/**
 * PromQL by what it answers, with `$model`, `$version` and `$window` in it. Each answers one series with the labels `model` and
 * `version`, latency in `latency_unit`; an empty text stands for what is not measured.
 */
export interface PrometheusPolicy {
  readonly latency_unit: 's' | 'ms';
  readonly requests: string;
  readonly errors: string;
  readonly latency_p50: string;
  readonly latency_p95: string;
  readonly latency_p99: string;
  readonly true_positives: string;
  readonly false_positives: string;
  readonly true_negatives: string;
  readonly false_negatives: string;
  /** Answers the time of the newest sample, in seconds since 1970. */
  readonly sampled_at: string;
  /** Answers one series for each `feature` and upper edge `le` of a cumulative histogram. */
  readonly features: string;
}

const SECOND = 1_000;
const HOUR = 3_600 * SECOND;
const DAY = 24 * HOUR;
const MINUTE = 60 * SECOND;

const SELECTED = '{model="$model",version="$version"}';
const summed = (metric: string, more = '') =>
  `sum by (model, version) (increase(${metric}{model="$model",version="$version"${more}}[$window]))`;
const quantile = (share: number) =>
  `histogram_quantile(${share}, sum by (model, version, le) (rate(model_prediction_duration_seconds_bucket${SELECTED}[$window])))`;
const labelled = (truth: 0 | 1, predicted: 0 | 1) =>
  summed('model_labelled_predictions_total', `,truth="${truth}",predicted="${predicted}"`);

/** What held before policies said anything of it. */
export const FIRST_WATCH: WatchSections = {
  labels: { delay: 0, window: DAY },
  patience: { warning: 5 * MINUTE, critical: 15 * MINUTE },
  drift: { psi: 0.2, ks: 0.1, false_alarms: 0.001, min_rows: 100, max_rows: 2_000, bins: 10, trend_windows: 20 },
  incidents: { recovery_windows: 2, page_again: 15 * MINUTE },
  staging: { traffic: 'optional' },
  routing: {
    critical: ['pagerduty', 'slack', 'email'],
    warning: ['slack', 'email'],
    info: ['slack'],
    addressed: ['slack', 'email'],
  },
  reviews: { performance: 30 * DAY },
  prometheus: {
    latency_unit: 's',
    requests: summed('model_predictions_total'),
    errors: summed('model_prediction_errors_total'),
    latency_p50: quantile(0.5),
    latency_p95: quantile(0.95),
    latency_p99: quantile(0.99),
    true_positives: labelled(1, 1),
    false_positives: labelled(0, 1),
    true_negatives: labelled(0, 0),
    false_negatives: labelled(1, 0),
    sampled_at: `max by (model, version) (timestamp(model_predictions_total${SELECTED}))`,
    features: `sum by (model, version, feature, le) (increase(model_feature_value_bucket${SELECTED}[$window]))`,
  },
};
