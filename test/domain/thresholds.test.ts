import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { meetsMinimum, worseIn } from '../../domain/thresholds.js';

// Rules §2: "Limits are inclusive where the guidelines say minimum or maximum (accuracy ≥ 0.85, AUC ≥ 0.80 …)".
describe('meetsMinimum', () => {
  test.each([
    [85 / 100, 0.85, true],
    [84 / 100, 0.85, false],
    [86 / 100, 0.85, true],
    [0.85 - 2 ** -53, 0.85, false],
    [80 / 100, 0.8, true],
    [0.7999999, 0.8, false],
  ])('%d against %d: %s', (figure, minimum, meets) => expect(meetsMinimum(figure, minimum)).toBe(meets));

  test('a share that is the limit meets it, whatever the number of rows', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 10_000 }), fc.integer({ min: 1, max: 500 }), (basisPoints, times) => {
        const minimum = Number(`${basisPoints}e-4`);
        expect(meetsMinimum((basisPoints * times) / (10_000 * times), minimum)).toBe(true);
        expect(meetsMinimum((basisPoints * times - 1) / (10_000 * times), minimum)).toBe(false);
      }),
    );
  });

  test('what is no number meets nothing', () => expect(meetsMinimum(Number.NaN, 0)).toBe(false));
});

// Rules §2: '"Equal or better than production" lets a tie pass.'
describe('worseIn', () => {
  const production = { accuracy: 0.92, rocAuc: 0.98 };

  test('a tie passes', () => expect(worseIn({ ...production }, production)).toEqual([]));

  test.each([
    [{ accuracy: 0.93, rocAuc: 0.98 }, []],
    [{ accuracy: 0.92, rocAuc: 0.99 }, []],
    [{ accuracy: 0.99, rocAuc: 0.979 }, ['rocAuc']],
    [{ accuracy: 0.91, rocAuc: 0.99 }, ['accuracy']],
    [{ accuracy: 0.91, rocAuc: 0.9 }, ['accuracy', 'rocAuc']],
    [{ accuracy: Number.NaN, rocAuc: 0.99 }, ['accuracy']],
  ])('%o is worse in %o', (candidate, worse) => {
    expect(worseIn(candidate, production)).toEqual(worse);
  });
});
