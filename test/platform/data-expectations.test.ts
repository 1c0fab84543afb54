import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeAll, expect, test } from 'vitest';
import { relaxedNumbers, type Policy } from '../../domain/policy.js';
import { packageRoot } from '../../platform/entry.js';
import { parsePolicy } from '../../platform/files/policy-file.js';

let defaults: string;
beforeAll(async () => {
  defaults = await readFile(join(packageRoot(), 'policies', '_defaults.yaml'), 'utf8');
});

const read = (expectations: string) =>
  parsePolicy(`model: m\ndata_quality: ${expectations}\n`, 'policy.yaml', { text: defaults, fileName: '_defaults.yaml' });
const policyOf = (expectations: string): Policy => {
  const parsed = read(expectations);
  if (!parsed.ok) throw new Error(JSON.stringify(parsed.problems));
  return parsed.value;
};

test('columns are laid over the defaults', () => {
  const { data_quality: asked } = policyOf(
    '{ minority: 10%, columns: { age: { min: 40, max: 120, nulls: 1% }, male: { values: [0, 1, yes] } } }',
  );
  expect(asked).toEqual({
    min_rows: 100,
    nulls: 0,
    duplicates: 0,
    minority: 0.1,
    overlap: 0,
    freshness: 730 * 86_400_000,
    columns: { age: { min: 40, max: 120, nulls: 0.01 }, male: { values: [0, 1, 'yes'] } },
  });
});

test.each([
  ['{ columns: { age: { min: 5, max: 4 } } }', 'data_quality.columns.age', 'min must not be more than max'],
  ['{ columns: { age: { mim: 5 } } }', 'data_quality.columns.age.mim', 'min'],
  ['{ columns: { age: { min: old } } }', 'data_quality.columns.age.min', 'number'],
  ['{ columns: { male: { values: [] } } }', 'data_quality.columns.male.values', ''],
  ['{ nulls: 101% }', 'data_quality.nulls', 'must be 0–1'],
  ['{ min_rows: 0 }', 'data_quality.min_rows', ''],
  ['{ freshness: 30 }', 'data_quality.freshness', 'did you mean 30d'],
])('%s is refused at %s', (expectations, path, words) => {
  const parsed = read(expectations);
  expect(parsed.ok ? [] : parsed.problems).toEqual([
    expect.objectContaining({ path, message: expect.stringContaining(words) as string }),
  ]);
});

test.each([
  ['{ min_rows: 99 }', ['data_quality.min_rows']],
  [
    '{ nulls: 1%, duplicates: 1%, minority: 4%, overlap: 1, freshness: 731d }',
    ['nulls', 'duplicates', 'minority', 'overlap', 'freshness'].map((key) => `data_quality.${key}`),
  ],
  ['{ columns: { age: { nulls: 1% } } }', ['data_quality.nulls']],
  ['{ min_rows: 1000, minority: 20%, freshness: 30d, columns: { age: { min: 1 } } }', []],
])('%s relaxes %j', (expectations, names) => {
  expect(relaxedNumbers(policyOf(expectations), policyOf('{}'))).toEqual(names);
});
