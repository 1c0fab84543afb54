import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { rocAuc } from '../../domain/metrics.js';
import { aucDifference } from '../../domain/paired-auc.js';
import {
  accuracyDifference,
  accuracyDifferenceInterval,
  mcnemarExact,
  pairedCounts,
  type PairedCounts,
} from '../../domain/paired-labels.js';
import { reference } from '../checks/reference.js';

const counts = (onlyFirstRight: number, onlySecondRight: number, more: Partial<PairedCounts> = {}): PairedCounts => ({
  bothRight: 0,
  bothWrong: 0,
  onlyFirstRight,
  onlySecondRight,
  ...more,
});

const mean = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length;

describe('pairedCounts', () => {
  test('counts who was right', () => {
    expect(pairedCounts([1, 1, 0, 0, 0], [1, 0, 0, 1, 0], [1, 1, 0, 1, 1])).toEqual({
      bothRight: 2,
      onlyFirstRight: 1,
      onlySecondRight: 1,
      bothWrong: 1,
    });
  });

  test('refuses unequal lengths', () => {
    expect(() => pairedCounts([1, 0], [1], [1, 0])).toThrow('2 labels, but 1 and 2 answers');
  });
});

describe('mcnemarExact', () => {
  // scipy.stats.binomtest(first, first + second).pvalue; see test/checks/reference-figures.py.
  test.each(reference.mcnemar)('%d against %d rows is %d', (first, second, p) => {
    expect(mcnemarExact(counts(first, second)) / p).toBeCloseTo(1, 8);
  });

  test('is the same from both sides, and never above 1', () => {
    const rows = fc.integer({ min: 0, max: 3_000 });
    fc.assert(
      fc.property(rows, rows, (first, second) => {
        const p = mcnemarExact(counts(first, second));
        expect(p).toBe(mcnemarExact(counts(second, first)));
        expect(p).toBeLessThanOrEqual(1);
        expect(p).toBeGreaterThanOrEqual(0);
      }),
    );
  });
});

describe('the difference of two accuracies', () => {
  // D. G. Bonett's R package statpsych, documentation of ci.prop.ps(.05, 12, 4, 26, 6): 0.2548067 to 0.6251933.
  test('has the interval its authors print', () => {
    const { low, high } = accuracyDifferenceInterval(counts(26, 4, { bothRight: 6, bothWrong: 12 }));
    expect([low.toFixed(7), high.toFixed(7)]).toEqual(['0.2548067', '0.6251933']);
  });

  test('is first minus second, and its interval turns with it', () => {
    const [won, lost] = [counts(5, 1, { bothRight: 94 }), counts(1, 5, { bothRight: 94 })];
    expect([accuracyDifference(won), accuracyDifference(lost)]).toEqual([0.04, -0.04]);
    const [up, down] = [accuracyDifferenceInterval(won), accuracyDifferenceInterval(lost)];
    expect([up.low, up.high]).toEqual([-down.high, -down.low]);
  });

  test('stays uncertain where nothing tells the two apart, and within -1 and 1', () => {
    const { low, high } = accuracyDifferenceInterval(counts(0, 0, { bothRight: 100 }));
    expect([low.toFixed(4), high.toFixed(4)]).toEqual(['-0.0272', '0.0272']);
    expect(accuracyDifferenceInterval(counts(0, 1))).toMatchObject({ low: -1 });
    expect(accuracyDifferenceInterval(counts(1, 0))).toMatchObject({ high: 1 });
  });
});

describe('aucDifference', () => {
  const { truth, candidate, production, roc_auc_difference, roc_auc_difference_ci95 } = reference.tied;

  // Variance by MLstatkit 0.1.91, and by the definition over all pairs; see test/checks/reference-figures.py.
  test('has the interval of DeLong, also with many ties', () => {
    const { difference, interval } = aucDifference(truth, candidate, production);
    expect(difference).toBeCloseTo(roc_auc_difference, 9);
    expect(interval?.low).toBeCloseTo(roc_auc_difference_ci95[0], 9);
    expect(interval?.high).toBeCloseTo(roc_auc_difference_ci95[1], 9);
  });

  test('is exact: equal areas differ by 0, whatever the scores are', () => {
    expect(
      aucDifference(
        truth,
        candidate,
        candidate.map((score) => 3 * score - 1),
      ),
    ).toEqual({
      difference: 0,
      interval: { low: 0, high: 0 },
    });
  });

  test('does not depend on the order of the rows, and turns with the sides', () => {
    const turned = aucDifference(truth.toReversed(), production.toReversed(), candidate.toReversed());
    const straight = aucDifference(truth, candidate, production);
    expect(turned.difference).toBe(-straight.difference);
    expect(turned.interval?.low).toBeCloseTo(-(straight.interval?.high ?? 0), 12);
  });

  test('has no interval where one class is a single row', () => {
    expect(aucDifference([1, 0, 0], [0.9, 0.1, 0.2], [0.1, 0.5, 0.4])).toEqual({ difference: 1, interval: null });
  });

  test('is that of the two areas, and its interval the definition written out over all pairs', () => {
    const row = fc.tuple(fc.constantFrom(0, 1), fc.integer({ min: 0, max: 5 }), fc.integer({ min: 0, max: 5 }));
    const rows = fc.array(row, { minLength: 4, maxLength: 40 }).filter((all) => {
      const positives = all.filter(([label]) => label === 1).length;
      return positives > 1 && all.length - positives > 1;
    });
    fc.assert(
      fc.property(rows, (all) => {
        const [labels, one, other] = [
          all.map(([label]) => label),
          all.map(([, score]) => score),
          all.map(([, , score]) => score),
        ];
        const { difference, interval } = aucDifference(labels, one, other);
        expect(difference).toBeCloseTo(rocAuc(labels, one) - rocAuc(labels, other), 12);
        const wins = (high: number, low: number) => (high > low ? 1 : high === low ? 0.5 : 0);
        const [positives, negatives] = [all.filter(([label]) => label === 1), all.filter(([label]) => label === 0)];
        const spread = (of: typeof all, against: typeof all, sign: 1 | -1) => {
          const apart = of.map(([, a, b]) =>
            mean(against.map(([, c, d]) => (sign === 1 ? wins(a, c) - wins(b, d) : wins(c, a) - wins(d, b)))),
          );
          return apart.reduce((sum, each) => sum + (each - mean(apart)) ** 2, 0) / (apart.length - 1) / apart.length;
        };
        const half = 1.959963984540054 * Math.sqrt(spread(positives, negatives, 1) + spread(negatives, positives, -1));
        expect(interval?.low).toBeCloseTo(Math.max(-1, difference - half), 10);
        expect(interval?.high).toBeCloseTo(Math.min(1, difference + half), 10);
      }),
    );
  });

  test('refuses unequal lengths and a score that is not finite', () => {
    expect(() => aucDifference([1, 0], [0.1, 0.2], [0.1])).toThrow('2 labels, but 1 scores');
    expect(() => aucDifference([1, 0], [0.1, 0.2], [0.1, Number.NaN])).toThrow('the score of row 2 is not finite');
  });

  test('is not defined on one class only', () => {
    expect(() => aucDifference([1, 1], [0.1, 0.2], [0.1, 0.2])).toThrow('ROC AUC is not defined');
  });
});
