import { expect, test } from 'vitest';
import { slicesOf } from '../../domain/slices.js';

const rows = { truth: [1, 0, 1, 0, 1], chosen: [1, 0, 0, 1, 1], scores: [0.9, 0.1, 0.4, 0.6, 0.8] };

test('each value has its rows, the lowest first', () => {
  const slices = slicesOf([2, 2, 1, 1, 2], rows) ?? [];
  expect(slices.map(({ value, figures }) => [value, figures.rows, figures.accuracy, figures.rocAuc])).toEqual([
    [1, 2, 0, 0],
    [2, 3, 1, 1],
  ]);
});

test('the area is not defined where a slice has one class, all else is', () => {
  const [first, second] = slicesOf([0, 1, 0, 1, 0], rows) ?? [];
  expect(first?.figures).toMatchObject({ rows: 3, recall: 2 / 3, precision: 1, rocAuc: null, rocAucInterval: null });
  expect(second?.figures).toMatchObject({ rows: 2, accuracy: 0.5, recall: null, rocAuc: null });
});

test('a column of more values than may be looked at is not sliced', () => {
  expect(slicesOf([1, 2, 3, 3, 3], rows, 3)).toHaveLength(3);
  expect(slicesOf([1, 2, 3, 4, 4], rows, 3)).toBeUndefined();
});
