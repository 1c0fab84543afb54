import { describe, expect, test } from 'vitest';
import type { TrainingFigures } from '../../domain/data-profile.js';
import {
  figureReasons,
  freshnessReasons,
  minorityShare,
  overlapReasons,
  type DataExpectations,
} from '../../domain/data-quality.js';

const asked: DataExpectations = {
  min_rows: 100,
  nulls: 0.01,
  duplicates: 0.02,
  minority: 0.1,
  overlap: 1,
  freshness: 1_000,
  columns: {},
};
const label = { name: 'ill', positive: null };
const figures = (change: Partial<TrainingFigures> = {}): TrainingFigures => ({
  rows: 1_000,
  columns: [{ name: 'age', nulls: 0, range: null, offences: [] }],
  classes: { positives: 500, negatives: 500, others: { first: '0', last: '0' } },
  duplicates: 0,
  ...change,
});
const nulls = (count: number) => figures({ columns: [{ name: 'age', nulls: count, range: null, offences: [] }] });

// Rules §2: limits are inclusive where the guidelines say minimum or maximum.
describe('a limit itself is still allowed, one row beyond it is not', () => {
  test.each([
    [figures({ rows: 100 }), []],
    [figures({ rows: 99 }), ['99 rows, at least 100 are asked for']],
    [nulls(10), []],
    [nulls(11), ['column age: 11 of 1000 rows without a value: 0.011 is above 0.01']],
    [figures({ duplicates: 20 }), []],
    [figures({ duplicates: 21 }), ['21 of 1000 rows the same as an earlier one: 0.021 is above 0.02']],
    [figures({ classes: { positives: 100, negatives: 900, others: null } }), []],
    [
      figures({ classes: { positives: 99, negatives: 901, others: null } }),
      ['the smaller class has 99 of 1000 rows: 0.099 is below 0.1'],
    ],
    [
      figures({ classes: { positives: 901, negatives: 99, others: null } }),
      ['the smaller class has 99 of 1000 rows: 0.099 is below 0.1'],
    ],
  ])('%#', (given, reasons) => {
    expect(figureReasons(given, asked, label)).toEqual(reasons);
  });

  test('overlap and freshness', () => {
    expect(overlapReasons({ rows: 20, shared: 1 }, 1)).toEqual([]);
    expect(overlapReasons({ rows: 20, shared: 2 }, 1)).toHaveLength(1);
    expect(overlapReasons(null, 0)).toEqual([]);
    const registered = '2026-09-01T08:00:00.000Z';
    expect(freshnessReasons(registered, Date.parse(registered) + 1_000, 1_000)).toEqual([]);
    expect(freshnessReasons(registered, Date.parse(registered) + 1_001, 1_000)).toHaveLength(1);
  });
});

test('what a column asks of itself stands for what is asked of all', () => {
  const own = { ...asked, columns: { age: { nulls: 0.011 } } };
  expect(figureReasons(nulls(11), own, label)).toEqual([]);
  expect(figureReasons(nulls(1), { ...asked, columns: { age: { nulls: 0 } } }, label)).toHaveLength(1);
});

test('a column of an object’s own making has no expectation', () => {
  const columns = [{ name: 'constructor', nulls: 11, range: null, offences: [] }];
  expect(figureReasons(figures({ columns }), asked, label)).toEqual([
    'column constructor: 11 of 1000 rows without a value: 0.011 is above 0.01',
  ]);
});

test('no rows at all are too few, and nothing else', () => {
  const classes = { positives: 0, negatives: 0, others: null };
  expect(figureReasons(figures({ rows: 0, classes }), asked, label)).toEqual(['0 rows, at least 100 are asked for']);
  expect(minorityShare(classes)).toBeNull();
});

test('many columns are counted, not all named', () => {
  const columns = Array.from({ length: 131 }, (_, at) => ({ name: `c${at}`, nulls: 1_000, range: null, offences: [] }));
  const reasons = figureReasons(figures({ columns }), asked, label);
  expect(reasons).toHaveLength(21);
  expect(reasons.at(-1)).toBe('111 more such reasons');
});
