import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { cpuShare, isBelow, keepsMaximum, latencyFigures, predictionsAsked } from '../../domain/load.js';

describe('percentiles by nearest rank', () => {
  test('known samples', () => {
    const hundred = Array.from({ length: 100 }, (_, at) => 100 - at);
    expect(latencyFigures(hundred)).toEqual({ p50: 50, p95: 95, p99: 99, max: 100 });
    expect(latencyFigures([15, 20, 35, 40, 50])).toEqual({ p50: 35, p95: 50, p99: 50, max: 50 });
    // numpy.percentile(range(1, 151), [50, 95, 99], method='inverted_cdf')
    expect(latencyFigures(Array.from({ length: 150 }, (_, at) => at + 1))).toEqual({ p50: 75, p95: 143, p99: 149, max: 150 });
    expect(latencyFigures([7])).toEqual({ p50: 7, p95: 7, p99: 7, max: 7 });
  });

  test('one slow answer in twenty is beyond the 95th percentile, two are not', () => {
    const sample = (slow: number) => Array.from({ length: 20 }, (_, at) => (at < slow ? 900 : 1));
    expect(latencyFigures(sample(1)).p95).toBe(1);
    expect(latencyFigures(sample(2)).p95).toBe(900);
  });

  test('at least 95 % of any sample do not exceed it, and fewer do not exceed anything less', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 0, max: 500 }), { minLength: 1, maxLength: 400 }), (sample) => {
        const { p95 } = latencyFigures(sample);
        const upTo = (figure: number) => sample.filter((one) => one <= figure).length;
        expect(upTo(p95) * 100).toBeGreaterThanOrEqual(sample.length * 95);
        expect(upTo(p95 - 1) * 100).toBeLessThan(sample.length * 95);
      }),
    );
  });

  test('rounded up to whole microseconds, so that what is over a limit stays over it', () => {
    expect(latencyFigures([100.0001]).p95).toBe(100.001);
    expect(latencyFigures([100]).p95).toBe(100);
  });

  test.each([[[]], [[1, Number.NaN]], [[Infinity, 1]]])('no percentile of %j', (sample) => {
    expect(() => latencyFigures(sample)).toThrow(RangeError);
  });
});

describe('limits of rules §2', () => {
  test('"latency ≤ 100 ms": the maximum itself is allowed', () => {
    expect(keepsMaximum(100, 100)).toBe(true);
    expect(keepsMaximum(100.001, 100)).toBe(false);
    expect(keepsMaximum(Number.NaN, 100)).toBe(false);
  });

  test('"size < 100 MB, memory < 1 GB": the limit itself is too much, and MB is 10^6 bytes', () => {
    expect(isBelow(100_000_000, 100e6)).toBe(false);
    expect(isBelow(99_999_999, 100e6)).toBe(true);
    expect(isBelow(1_000_000_000, 1e9)).toBe(false);
    expect(isBelow(Number.NaN, 1e9)).toBe(false);
  });

  test('"CPU < 80 %" of the granted cores: exactly four fifths of the time is too much', () => {
    expect(isBelow(cpuShare(2_400, 3_000, 1), 0.8)).toBe(false);
    expect(isBelow(cpuShare(2_399.999, 3_000, 1), 0.8)).toBe(true);
    expect(isBelow(cpuShare(4_800, 3_000, 2), 0.8)).toBe(false);
    expect(() => cpuShare(1, 0, 1)).toThrow(RangeError);
  });
});

test('the predictions of a load', () => {
  expect(predictionsAsked(50, 3_000)).toBe(150);
  expect(predictionsAsked(0.5, 3_000)).toBe(1);
  expect(predictionsAsked(0.1, 1_000)).toBe(1);
});
