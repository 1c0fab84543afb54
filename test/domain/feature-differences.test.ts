import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Feature } from '../../domain/checks.js';
import { columnDifferences } from '../../domain/feature-differences.js';

const features = (names: string): Feature[] => names.split('').map((name) => ({ name, type: 'float32' }));
const kinds = (model: readonly Feature[], view: readonly Feature[]) =>
  columnDifferences(model, view).map(({ column, kind }) => `${column} ${kind}`);

describe('columnDifferences', () => {
  test.each([
    ['abc', 'abc', []],
    ['bc', 'abc', ['a missing']],
    ['xabc', 'abc', ['x extra']],
    ['aba', 'ab', ['a repeated']],
    ['xcb', 'abc', ['a missing', 'c moved', 'x extra'].toSorted()],
    // One column taken out and put elsewhere is one difference, not four.
    ['bcdea', 'abcde', ['a moved']],
    ['eabcd', 'abcde', ['e moved']],
    ['cba', 'abc', ['b moved', 'c moved']],
    ['', 'ab', ['a missing', 'b missing']],
  ])('%s against %s', (model, view, expected) => {
    expect(kinds(features(model), features(view)).toSorted()).toEqual(expected);
  });

  test('each side says type and column, or that it is not there', () => {
    const model = [{ name: 'b', type: 'int64' }, ...features('xx')];
    expect(columnDifferences(model, features('ab'))).toEqual([
      { column: 'a', kind: 'missing', model: 'not there', view: 'float32, column 1' },
      { column: 'b', kind: 'of another type', model: 'int64, column 1', view: 'float32, column 2' },
      { column: 'x', kind: 'extra', model: 'float32, column 2 and 3', view: 'not there' },
    ]);
  });

  test('there is none exactly when the features are the same, in the same order', () => {
    const feature = fc.record({ name: fc.constantFrom('a', 'b', 'c', 'd', 'e'), type: fc.constantFrom('float32', 'int64') });
    const list = fc.uniqueArray(feature, { selector: ({ name }) => name });
    fc.assert(
      fc.property(list, list, (model, view) => {
        const isSame = JSON.stringify(model) === JSON.stringify(view);
        expect(columnDifferences(model, view).length === 0).toBe(isSame);
      }),
    );
  });
});
