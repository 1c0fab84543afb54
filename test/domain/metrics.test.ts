import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  classifierFigures,
  confusion,
  formatApart,
  formatFigure,
  rocAuc,
  rocAucInterval,
  wilsonInterval,
} from '../../domain/metrics.js';

describe('rocAuc', () => {
  test('is the share of pairs ranked rightly', () => {
    expect(rocAuc([0, 0, 1, 1], [0.1, 0.4, 0.35, 0.8])).toBe(0.75);
    expect(rocAuc([0, 1], [0.2, 0.9])).toBe(1);
    expect(rocAuc([1, 0], [0.2, 0.9])).toBe(0);
  });

  test('counts a tie as one half', () => {
    expect(rocAuc([0, 1], [0.5, 0.5])).toBe(0.5);
    expect(rocAuc([0, 0, 1], [0.5, 0.4, 0.5])).toBe(0.75);
  });

  test('equals the count of all pairs, whatever the order of the rows', () => {
    const row = fc.tuple(fc.constantFrom(0, 1), fc.integer({ min: 0, max: 9 }));
    const rows = fc.array(row, { minLength: 2, maxLength: 60 }).filter((all) => new Set(all.map(([label]) => label)).size === 2);
    fc.assert(
      fc.property(rows, (all) => {
        const scores = (label: number) => all.filter(([given]) => given === label).map(([, score]) => score);
        const wins = scores(1).flatMap((high) => scores(0).map((low) => (high > low ? 1 : high === low ? 0.5 : 0)));
        const auc = rocAuc(
          all.map(([label]) => label),
          all.map(([, score]) => score),
        );
        expect(auc).toBe(wins.reduce<number>((sum, win) => sum + win, 0) / wins.length);
      }),
    );
  });

  test('is not defined on one class only', () => {
    expect(() => rocAuc([1, 1], [0.1, 0.2])).toThrow('ROC AUC is not defined: all 2 rows are of class 1');
    expect(() => rocAuc([0], [0.1])).toThrow('all 1 rows are of class 0');
  });

  test.each([Number.NaN, Number.POSITIVE_INFINITY])('refuses a score of %s', (score) => {
    expect(() => rocAuc([0, 1], [0.3, score])).toThrow('the score of row 2 is not finite');
  });

  test('refuses no rows, other labels and unequal lengths', () => {
    expect(() => rocAuc([], [])).toThrow('no rows');
    expect(() => rocAuc([0, 2], [0.1, 0.2])).toThrow('neither 0 nor 1');
    expect(() => rocAuc([0, 1], [0.1])).toThrow('2 labels, but 1 answers');
  });
});

describe('classifierFigures', () => {
  test('are those of the confusion matrix', () => {
    const truth = [1, 1, 1, 0, 0, 0, 0, 0];
    const chosen = [1, 1, 0, 1, 0, 0, 0, 0];
    expect(confusion(truth, chosen)).toEqual({ truePositives: 2, falsePositives: 1, trueNegatives: 4, falseNegatives: 1 });
    const figures = classifierFigures(truth, chosen, [0.9, 0.8, 0.4, 0.7, 0.3, 0.2, 0.1, 0]);
    expect(figures).toMatchObject({ rows: 8, accuracy: 0.75, precision: 2 / 3, recall: 2 / 3, f1: 2 / 3, rocAuc: 14 / 15 });
  });

  test('have no precision where no row was chosen', () => {
    expect(classifierFigures([0, 1], [0, 0], [0.1, 0.2])).toMatchObject({ precision: null, recall: 0, f1: 0, accuracy: 0.5 });
  });

  test('are not measured where the area is not', () => {
    expect(() => classifierFigures([0, 1], [0, 1], [0.2, Number.NaN])).toThrow(RangeError);
    expect(() => classifierFigures([1, 1], [1, 1], [0.2, 0.4])).toThrow(RangeError);
  });
});

describe('intervals', () => {
  test('Wilson: 81 of 263 is 0.2553 to 0.3662 (Newcombe 1998, table I)', () => {
    const { low, high } = wilsonInterval(81, 263);
    expect([low.toFixed(4), high.toFixed(4)]).toEqual(['0.2553', '0.3662']);
  });

  test('Wilson: 0 of 20 is 0 to 0.1611, and all of 20 its mirror', () => {
    expect(wilsonInterval(0, 20).low).toBe(0);
    expect(wilsonInterval(0, 20).high.toFixed(4)).toBe('0.1611');
    expect(wilsonInterval(20, 20)).toEqual({ low: 1 - wilsonInterval(0, 20).high, high: 1 });
    expect(() => wilsonInterval(0, 0)).toThrow('not a share');
  });

  test('ROC AUC: hold the estimate, lie within 0 and 1 and mirror when the classes change places', () => {
    fc.assert(
      fc.property(
        fc.double({ min: 0, max: 1, noNaN: true }),
        fc.integer({ min: 1, max: 300 }),
        fc.integer({ min: 1, max: 300 }),
        (auc, p, n) => {
          const { low, high } = rocAucInterval(auc, p, n);
          expect(low).toBeGreaterThanOrEqual(0);
          expect(low).toBeLessThanOrEqual(auc);
          expect(high).toBeGreaterThanOrEqual(auc - 1e-12);
          expect(high).toBeLessThanOrEqual(1);
          expect(rocAucInterval(1 - auc, n, p).low).toBeCloseTo(1 - high, 9);
        },
      ),
    );
  });

  test('ROC AUC: the estimate is just as far away as the error at the bound allows', () => {
    const [auc, p, n] = [0.9, 30, 70];
    const { low } = rocAucInterval(auc, p, n);
    const q1 = low / (2 - low);
    const q2 = (2 * low * low) / (1 + low);
    const error = Math.sqrt((low * (1 - low) + (p - 1) * (q1 - low * low) + (n - 1) * (q2 - low * low)) / (p * n));
    expect((auc - low) / error).toBeCloseTo(1.95996, 4);
  });

  test('ROC AUC: a perfect score on few rows is not certain', () => {
    const { low, high } = rocAucInterval(1, 10, 10);
    expect(high).toBe(1);
    expect(low).toBeLessThan(0.9);
  });
});

describe('formatFigure', () => {
  test.each([
    [0.94, '0.94'],
    [0.8105022831050228, '0.810502'],
    [1, '1'],
    [0, '0'],
    [-0, '0'],
    [1 / 3, '0.333333'],
    [100, '100'],
    [1e-9, '0'],
  ])('%d is %s', (figure, text) => expect(formatFigure(figure)).toBe(text));

  test('refuses what is no number', () => {
    expect(() => formatFigure(Number.NaN)).toThrow(RangeError);
    expect(() => formatFigure(Number.POSITIVE_INFINITY)).toThrow(RangeError);
  });

  test('two figures that differ are told apart', () => {
    expect(formatApart(0.77, 0.85)).toEqual(['0.77', '0.85']);
    expect(formatApart(0.84999999, 0.85)).toEqual(['0.84999999', '0.85']);
    expect(formatApart(0.85, 0.85)).toEqual(['0.85', '0.85']);
    expect(formatApart(0.85 - 2 ** -53, 0.85)[0]).not.toBe('0.85');
  });
});
