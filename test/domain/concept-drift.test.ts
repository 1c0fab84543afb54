import { describe, expect, it } from 'vitest';
import {
  accuracyTrend,
  apartInTime,
  conceptDriftCondition,
  type LabelledWindow,
  type Trend,
} from '../../domain/concept-drift.js';
import { DAY, policyWith, STAGED_AT } from '../support/attempt.js';
import { seeded } from '../support/seeded.js';

const policy = policyWith();

/** A day of labels, so many days after the first. */
function day(at: number, right: number, labels = 1_000): LabelledWindow {
  return { from: STAGED_AT + at * DAY, to: STAGED_AT + (at + 1) * DAY, right, labels };
}

/** Days one after the other, oldest first, as the record has them: newest first. */
function days(rights: readonly number[], labels = 1_000): LabelledWindow[] {
  return rights.map((right, at) => day(at, right, labels)).toReversed();
}

function trendOf(windows: readonly LabelledWindow[]): Trend {
  const trend = accuracyTrend(windows, policy);
  if (!trend.known) throw new Error(trend.why);
  return trend.value;
}

describe('the trend of labelled accuracy (rules §4)', () => {
  it('is over windows that do not overlap, newest first, with labels', () => {
    const window = (from: number, to: number, labels = 1) => ({ from, to, labels, right: 0 });
    const seen = [window(6, 10), window(5, 9), window(2, 6), window(0, 4, 0), window(0, 2), window(-4, 1), window(-9, -4)];
    expect(apartInTime(seen, 20)).toEqual([window(6, 10), window(2, 6), window(0, 2), window(-9, -4)]);
    expect(apartInTime(seen, 2)).toEqual([window(6, 10), window(2, 6)]);
  });

  // Agresti, Categorical Data Analysis (2002), section 5.3.5: alcohol and malformations, z² = 6.57.
  it('has the test statistic of the textbook', () => {
    const [scores, cases, rows] = [
      [0, 0.5, 1.5, 4, 7],
      [48, 38, 5, 1, 1],
      [17_114, 14_502, 793, 127, 38],
    ];
    const windows = scores.map((score, at) => {
      const middle = STAGED_AT + score * DAY;
      return { from: middle - 1, to: middle + 1, right: (rows[at] ?? 0) - (cases[at] ?? 0), labels: rows[at] ?? 0 };
    });
    const { chance, perDay, fall } = trendOf(windows.toReversed());
    // The chance that a standard normal variable is above the root of 6.57.
    expect(chance).toBeCloseTo(0.0052, 4);
    expect(fall).toBeCloseTo(-7 * perDay, 12);
  });

  it('is unknown over fewer than 4 windows', () => {
    expect(accuracyTrend(days([940, 940, 940]), policy)).toMatchObject({ known: false, cause: 'too few labels' });
    expect(accuracyTrend(days([940, 940, 940, 940]), policy).known).toBe(true);
    const condition = conceptDriftCondition(accuracyTrend([], policy), policy);
    expect(condition).toMatchObject({ known: false, severity: 'none', measured: '' });
  });

  it('a fall is a warning, a rise and a level are none', () => {
    const condition = (rights: readonly number[]) => conceptDriftCondition({ known: true, value: trendOf(days(rights)) }, policy);
    expect(condition([940, 925, 910, 895, 880])).toMatchObject({
      condition: 'concept-drift',
      severity: 'warning',
      known: true,
      why: 'the accuracy falls by 0.015 a day over 5 windows, 0.06 in all',
    });
    expect(condition([880, 895, 910, 925, 940])).toMatchObject({ severity: 'none', known: true, why: '' });
    expect(condition([940, 938, 941, 939, 940])).toMatchObject({ severity: 'none', known: true });
  });

  it('no error at all, and nothing right, are levels', () => {
    expect(trendOf(days([1_000, 1_000, 1_000, 1_000]))).toMatchObject({ chance: 1, windows: 4 });
    expect(trendOf(days([0, 0, 0, 0]))).toMatchObject({ chance: 1 });
  });

  it('a fall of no more than the least change that is told is none, however sure it is', () => {
    const trend = trendOf(days([940_000, 937_000, 934_000, 931_000], 1_000_000));
    expect(trend.chance).toBeLessThan(1e-9);
    expect(conceptDriftCondition({ known: true, value: trend }, policy).severity).toBe('none');
  });

  it('warns of level accuracy about as often as the policy says: within four standard errors in 20,000 series', () => {
    const random = seeded(11);
    const noisy = () => Array.from({ length: 8 }, () => 900 + Math.round(9.5 * normal(random)));
    const level = {
      ...policy,
      drift: { ...policy.drift, false_alarms: 0.01 },
      alerts: { ...policy.alerts, info: { accuracy_drop: 0 } },
    };
    let alarms = 0;
    for (let run = 0; run < 20_000; run++) {
      if (conceptDriftCondition(accuracyTrend(days(noisy()), level), level).severity === 'warning') alarms++;
    }
    expect(alarms).toBeGreaterThan(200 - 56);
    expect(alarms).toBeLessThan(200 + 56);
  });
});

function normal(random: () => number): number {
  return Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
}
