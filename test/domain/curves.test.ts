import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { CURVE_POINTS, curveText, readCurve, rocCurve, type Point } from '../../domain/curves.js';
import { latencyCurve, latencyFigures } from '../../domain/load.js';
import { rocAuc } from '../../domain/metrics.js';

const area = (curve: readonly Point[]) =>
  curve.slice(1).reduce((sum, [x, y], at) => {
    const [x0, y0] = curve[at] as Point;
    return sum + ((x - x0) * (y + y0)) / 2;
  }, 0);

describe('the ROC curve', () => {
  it('has the corners that scikit-learn has', () => {
    // sklearn.metrics.roc_curve([0, 0, 1, 1, 1], [0.1, 0.4, 0.35, 0.8, 0.8])
    expect(rocCurve([0, 0, 1, 1, 1], [0.1, 0.4, 0.35, 0.8, 0.8])).toEqual([
      [0, 0],
      [0, 2 / 3],
      [0.5, 2 / 3],
      [0.5, 1],
      [1, 1],
    ]);
  });

  it('has no corner where only ties are, and none on a straight line', () => {
    expect(rocCurve([0, 1, 0, 1], [0.5, 0.5, 0.5, 0.5])).toEqual([
      [0, 0],
      [1, 1],
    ]);
  });

  it('is of two classes', () => {
    expect(() => rocCurve([1, 1], [0.1, 0.2])).toThrow(RangeError);
  });

  it('never falls, ends at 1 1, and has the area of the rank sums unless it was thinned', () => {
    const row = fc.record({ truth: fc.integer({ min: 0, max: 1 }), score: fc.integer({ min: 0, max: 40 }) });
    fc.assert(
      fc.property(fc.array(row, { minLength: 2, maxLength: 400 }), (rows) => {
        const truth = rows.map((each) => each.truth);
        fc.pre(truth.includes(0) && truth.includes(1));
        const scores = rows.map(({ score }) => score);
        const curve = rocCurve(truth, scores);
        expect(curve.at(-1)).toEqual([1, 1]);
        curve.slice(1).forEach(([x, y], at) => {
          const [x0, y0] = curve[at] as Point;
          expect(x >= x0 && y >= y0).toBe(true);
        });
        expect(area(curve)).toBeCloseTo(rocAuc(truth, scores), 10);
      }),
    );
  });

  it(`keeps at most ${CURVE_POINTS} points of many, close to the whole curve`, () => {
    const rows = 20_000;
    const truth = Array.from({ length: rows }, (_, row) => row % 2);
    const scores = truth.map((label, row) => label * 0.6 + ((row * 7_919) % 9_973) / 9_973);
    const curve = rocCurve(truth, scores);
    expect(curve.length).toBeLessThanOrEqual(CURVE_POINTS);
    expect(curve.length).toBeGreaterThan(CURVE_POINTS / 2);
    expect(Math.abs(area(curve) - rocAuc(truth, scores))).toBeLessThan(0.005);
  });
});

describe('the latency curve', () => {
  it('goes through the percentiles that are held against the limit', () => {
    const sample = Array.from({ length: 150 }, (_, at) => at + 1);
    const { p50, p95, p99, max } = latencyFigures(sample);
    const shares = new Map(latencyCurve(sample).map(([ms, share]) => [share, ms]));
    expect([0.5, 0.95, 0.99, 1].map((share) => shares.get(share))).toEqual([p50, p95, p99, max]);
  });
});

describe('a curve as text', () => {
  it('is read back to four decimals', () => {
    const text = curveText([
      [0, 0],
      [0.123456, 2 / 3],
      [1, 1],
    ]);
    expect(text).toBe('0 0, 0.1235 0.6667, 1 1');
    expect(readCurve(text)).toEqual([
      [0, 0],
      [0.1235, 0.6667],
      [1, 1],
    ]);
  });

  it.each(['', '0 0', '0 0, 1', '0 0, x 1', '0 0, 1 1 1'])('%j is none', (text) => {
    expect(readCurve(text)).toBeUndefined();
  });
});
