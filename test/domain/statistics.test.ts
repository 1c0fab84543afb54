import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { accuracyDrop } from '../../domain/accuracy-drop.js';
import { homogeneityChance, stabilityIndex } from '../../domain/drift/bins.js';
import { byValue, largestDistance, rankSumChance } from '../../domain/drift/order.js';
import { featureDistribution, presentValues } from '../../domain/drift/training-distribution.js';
import { chiSquareTail, distanceTail, fisherTail, kolmogorovTail, normalTail } from '../../domain/tails.js';

interface Reference {
  readonly normal: readonly (readonly [z: number, p: number])[];
  readonly chi_square: readonly (readonly [x: number, degrees: number, p: number])[];
  readonly kolmogorov: readonly (readonly [x: number, p: number])[];
  readonly fisher: readonly (readonly [hits: number, rows: number, marked: number, all: number, p: number])[];
  readonly two_samples: readonly {
    readonly first: readonly number[];
    readonly second: readonly number[];
    readonly ks: number;
    readonly ks_p: number;
    readonly rank_p: number;
  }[];
  readonly binned: readonly {
    readonly training: readonly number[];
    readonly window: readonly number[];
    readonly psi: number;
    readonly p: number;
  }[];
  readonly drops: readonly (readonly [before: number, beforeRows: number, hits: number, rows: number, low: number])[];
}

/** What `reference-statistics.py` found with SciPy and statsmodels; the file says with which of them. */
const reference = JSON.parse(readFileSync(new URL('reference-statistics.json', import.meta.url), 'utf8')) as Reference;

describe('the tails are those of SciPy', () => {
  test.each(reference.normal)('norm.sf(%d)', (z, p) => {
    expect(normalTail(z) / p).toBeCloseTo(1, 9);
  });

  test.each(reference.chi_square)('chi2.sf(%d, %d)', (x, degrees, p) => {
    expect(chiSquareTail(x, degrees) / p).toBeCloseTo(1, 9);
  });

  test.each(reference.kolmogorov)('kolmogorov(%d)', (x, p) => {
    expect(kolmogorovTail(x) / p).toBeCloseTo(1, 9);
  });

  test.each(reference.fisher)('hypergeom.sf: at least %d of %d rows, when %d of %d are marked', (hits, rows, marked, all, p) => {
    expect(fisherTail(hits, rows, marked, all) / p).toBeCloseTo(1, 9);
  });

  test('what cannot be has no chance', () => {
    expect(fisherTail(6, 5, 6, 10)).toBe(0);
    expect([chiSquareTail(0, 3), kolmogorovTail(0)]).toEqual([1, 1]);
  });
});

describe('two samples', () => {
  const cases = reference.two_samples.map((each, at) => ({ ...each, at }));

  test.each(cases)('sample $at: the distance and the ranks are those of SciPy', ({ first, second, ks, rank_p }) => {
    const both = byValue(featureDistribution('f', first), presentValues(second));
    expect(largestDistance(both)).toBeCloseTo(ks, 12);
    expect(rankSumChance(both, first.length, second.length) / rank_p).toBeCloseTo(1, 6);
  });

  // The exact chance has no short form; the correction of Stephens is above it, by twice where it is 1e-14.
  test.each(cases)('sample $at: the chance of the distance is near the exact one', ({ first, second, ks, ks_p }) => {
    const near = distanceTail(ks, first.length, second.length) / ks_p;
    expect(near).toBeGreaterThan(0.9);
    expect(near).toBeLessThan(2.2);
  });

  test('in single precision: what a source rounds to it is the same value', () => {
    const values = [0.1, 0.1, 0.3, 0.7];
    const both = byValue(featureDistribution('f', values), presentValues(values.map(Math.fround)));
    expect(largestDistance(both)).toBe(0);
  });
});

describe('bins', () => {
  test.each(reference.binned)('$training against $window', (each) => {
    expect(stabilityIndex(each)).toBeCloseTo(each.psi, 12);
    expect(homogeneityChance(each) / each.p).toBeCloseTo(1, 9);
  });

  test('an empty bin counts as half a row', () => {
    expect(stabilityIndex({ training: [50, 50], window: [100, 0] })).toBeCloseTo(0.5 * Math.log(2) - 0.495 * Math.log(0.01), 12);
  });
});

describe('the drop of an accuracy', () => {
  // statsmodels: confint_proportions_2indep(compare='diff', method='newcomb', alpha=0.02), the lower end.
  test.each(reference.drops)('from %d of %d to %d of %d is at least', (before, beforeRows, hits, rows, low) => {
    const { drop, atLeast } = accuracyDrop(before, beforeRows, hits, rows);
    expect(atLeast).toBeCloseTo(low, 10);
    expect(drop).toBeCloseTo(before / beforeRows - hits / rows, 12);
  });
});
