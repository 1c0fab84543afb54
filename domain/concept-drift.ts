import { unknown, type Reading } from './live.js';
import { isBeyond, notKnown, type Condition } from './live-condition.js';
import { formatFigure } from './metrics.js';
import type { Policy } from './policy.js';
import { normalTail } from './tails.js';

/** The labelled predictions of one recorded window; instants in epoch milliseconds. */
export interface LabelledWindow {
  readonly from: number;
  readonly to: number;
  readonly right: number;
  readonly labels: number;
}

/** Where the accuracy goes over some windows that do not overlap. */
export interface Trend {
  readonly windows: number;
  /** The change of the accuracy in a day, along the line that fits best; negative where it falls. */
  readonly perDay: number;
  /** How far that line falls from the first window to the last; negative where it rises. */
  readonly fall: number;
  /** How likely it falls as clearly by chance. */
  readonly chance: number;
}

type TrendRules = Pick<Policy, 'drift' | 'alerts'>;

const DAY = 86_400_000;
/** A line through fewer points says nothing of where they go. */
const LEAST_WINDOWS = 4;

/** The newest windows with labels that do not overlap, newest first; `newestFirst` by their ends, at most so many. */
export function apartInTime(newestFirst: readonly LabelledWindow[], most: number): LabelledWindow[] {
  const picked: LabelledWindow[] = [];
  for (const window of newestFirst) {
    if (picked.length >= most) break;
    if (window.labels > 0 && window.to <= (picked.at(-1)?.from ?? Infinity)) picked.push(window);
  }
  return picked;
}

/**
 * Where the labelled accuracy goes over the recorded windows, newest first, with the one-sided test of a falling trend (Cochran
 * 1954, Biometrics 10:417; Armitage 1955, Biometrics 11:375), each window at its middle.
 */
export function accuracyTrend(newestFirst: readonly LabelledWindow[], { drift }: Pick<TrendRules, 'drift'>): Reading<Trend> {
  const windows = apartInTime(newestFirst, drift.trend_windows);
  if (windows.length < LEAST_WINDOWS) {
    const have = `${windows.length} windows with labels that do not overlap`;
    return unknown('too few labels', `a trend is told from ${LEAST_WINDOWS} windows on, and there are ${have}`);
  }
  const labels = total(windows, (window) => window.labels);
  const share = total(windows, (window) => window.right) / labels;
  const middle = total(windows, (window) => window.labels * dayOf(window)) / labels;
  const spread = total(windows, (window) => window.labels * (dayOf(window) - middle) ** 2);
  const along = total(windows, (window) => (dayOf(window) - middle) * (window.right - window.labels * share));
  const perDay = along / spread;
  const days = windows.map(dayOf);
  const variance = share * (1 - share) * spread;
  const chance = variance > 0 ? normalTail(-along / Math.sqrt(variance)) : 1;
  return {
    known: true,
    value: { windows: windows.length, perDay, fall: -perDay * (Math.max(...days) - Math.min(...days)), chance },
  };
}

/**
 * How concept drift stands: a warning where the accuracy falls by more than a smaller change (`alerts.info.accuracy_drop`) over
 * the windows and chance does not explain it. Over many labels the test alone would warn of falls that nobody minds.
 */
export function conceptDriftCondition(trend: Reading<Trend>, { drift, alerts }: TrendRules): Condition {
  const bound = alerts.info.accuracy_drop;
  const limit = `a fall > ${formatFigure(bound)}, chance at most ${formatFigure(drift.false_alarms)}`;
  if (!trend.known) return notKnown('concept-drift', trend.why, { limit });
  const { windows, perDay, fall, chance } = trend.value;
  const isFalling = isBeyond(fall, bound) && chance <= drift.false_alarms;
  const falling = `the accuracy falls by ${formatFigure(-perDay, 4)} a day over ${windows} windows, ${formatFigure(fall, 4)} in all`;
  return {
    condition: 'concept-drift',
    severity: isFalling ? 'warning' : 'none',
    known: true,
    measured: `${formatFigure(perDay)} a day, chance ${formatFigure(chance)}`,
    limit,
    baseline: '',
    why: isFalling ? falling : '',
  };
}

function dayOf({ from, to }: LabelledWindow): number {
  return (from + to) / 2 / DAY;
}

function total(windows: readonly LabelledWindow[], of: (window: LabelledWindow) => number): number {
  return windows.reduce((sum, window) => sum + of(window), 0);
}
