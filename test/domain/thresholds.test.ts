import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { gatedFigure, meetsMinimum, worseIn } from '../../domain/thresholds.js';

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
  test.each([
    [{ accuracy: 0, rocAuc: 0 }, 0, []],
    [{ accuracy: -0, rocAuc: 0.01 }, 0, []],
    [{ accuracy: 0.01, rocAuc: -0.001 }, 0, ['rocAuc']],
    [{ accuracy: -0.01, rocAuc: 0.01 }, 0, ['accuracy']],
    [{ accuracy: -0.01, rocAuc: -0.08 }, 0, ['accuracy', 'rocAuc']],
    [{ accuracy: Number.NaN, rocAuc: 0.01 }, 0, ['accuracy']],
    [{ accuracy: -0.02, rocAuc: -0.02 }, 0.02, []],
    [{ accuracy: -0.02 - 2 ** -52, rocAuc: 0 }, 0.02, ['accuracy']],
  ])('%o with a margin of %d: %o', (differences, margin, worse) => {
    expect(worseIn(differences, margin)).toEqual(worse);
  });

  test('a difference that is the margin passes, whatever the number of rows', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 10_000 }), fc.integer({ min: 1, max: 500 }), (basisPoints, times) => {
        const margin = Number(`${basisPoints}e-4`);
        const accuracy = -(basisPoints * times) / (10_000 * times);
        expect(worseIn({ accuracy, rocAuc: 0 }, margin)).toEqual([]);
        expect(worseIn({ accuracy: accuracy - 1 / (10_000 * times), rocAuc: 0 }, margin)).toEqual(['accuracy']);
      }),
    );
  });
});

test('a minimum is held against the figure, or the lower end of its interval', () => {
  const interval = { low: 0.84, high: 0.97 };
  expect(gatedFigure(0.92, interval, 'point')).toBe(0.92);
  expect(gatedFigure(0.92, interval, 'lower')).toBe(0.84);
});
