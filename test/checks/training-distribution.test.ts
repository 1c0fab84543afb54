import { readFileSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { trainingDistribution } from '../../domain/drift/training-distribution.js';
import { parseFeatureView } from '../../platform/files/feature-view-file.js';
import { seeded } from '../support/seeded.js';
import { EXAMPLE } from '../support/stack.js';
import { csv, FEATURES, parquet, profilerHere } from './data-sets.js';
import { temporaryDirectory } from './temporary.js';

async function fileOf(text: string): Promise<string> {
  const path = join(await temporaryDirectory(), 'training');
  await writeFile(path, text);
  return path;
}

/** Columns as CSV, and what the rule makes of them in single precision; what is not there is an empty field. */
async function both(columns: Readonly<Record<string, readonly (number | null)[]>>) {
  const names = Object.keys(columns);
  const rows = columns[names[0] ?? '']?.map((_, row) => names.map((name) => columns[name]?.[row] ?? '').join(',')) ?? [];
  const features = names.map((name) => ({ name, type: 'float64' }));
  const found = await profilerHere.distribution({ path: await fileOf([names.join(','), ...rows].join('\n')), features });
  const singles = names.map((name) => [name, (columns[name] ?? []).map((value) => Math.fround(value ?? Number.NaN))] as const);
  return { found, wanted: trainingDistribution(Object.fromEntries(singles)) };
}

describe('the distribution of a training set', () => {
  test('is what the rule makes of its columns: every value where few differ, quantiles where many do', async () => {
    const random = seeded(7);
    const rows = Array.from({ length: 3_777 }, () => random());
    const { found, wanted } = await both({
      many: rows.map((value) => value * 10 - 5),
      few: rows.map((value) => Math.floor(value * 5) / 10),
      gaps: rows.map((value) => (value < 0.4 ? null : value)),
      often: rows.map((value) => (value < 0.5 ? 0 : value)),
      none: rows.map(() => null),
    });
    expect(found).toEqual(wanted);
    expect(found.features.map(({ values }) => values.length)).toEqual([1_000, 5, 1_000, expect.any(Number), 0]);
  });

  test.each([1, 1_000, 1_001, 2_000])('is what the rule makes of %i different values', async (count) => {
    const { found, wanted } = await both({ x: Array.from({ length: count }, (_, at) => at / 7) });
    expect(found).toEqual(wanted);
  });

  test('counts rows that differ, and a value that single precision cannot hold as none', async () => {
    for (const times of [1, 300]) {
      const repeated = (values: readonly (number | null)[]) => Array.from({ length: times }, () => values).flat();
      const { found, wanted } = await both({ x: repeated([1, 1, 1e300, null, 0.1]), y: repeated([2, 2, 4, 3, 0]) });
      expect(found).toEqual(wanted);
      expect(found.distinctRows).toBe(4);
      expect(found.features.map(({ rows, missing }) => [rows, missing])).toEqual([
        [3 * times, 2 * times],
        [5 * times, 0],
      ]);
    }
  });

  test('has truth as 1 and 0, and no texts; the same from Parquet', async () => {
    const { features } = await profilerHere.distribution({ path: await fileOf(csv(0, 100)), features: FEATURES });
    expect(features.map(({ name }) => name)).toEqual(['age', 'visits', 'male']);
    expect(features[2]).toEqual({
      name: 'male',
      rows: 100,
      missing: 0,
      values: [0, 1],
      counts: [expect.any(Number), expect.any(Number)],
    });
    const path = await parquet('SELECT (range % 3) / 10 AS age, 1::BIGINT AS visits, true AS male, 1 AS ill FROM range(9)');
    const fromParquet = await profilerHere.distribution({ path, features: FEATURES.filter(({ type }) => type !== 'string') });
    expect(fromParquet.features[0]).toMatchObject({ values: [0, 0.1, 0.2].map(Math.fround), counts: [3, 3, 3] });
  });

  test.each([
    ['a column that is not there', 'x\n1\n', 'y', 'the column y is there 0 times'],
    ['a column that is there twice', 'x,x\n1,2\n', 'x', 'the column x is there 2 times'],
    ['no rows', 'x\n', 'x', 'the file has no rows'],
  ])('is refused of a file with %s', async (_, text, name, why) => {
    const request = { path: await fileOf(text), features: [{ name, type: 'float32' }] };
    await expect(profilerHere.distribution(request)).rejects.toThrow(why);
  });

  test('of the example is made of all its features', async () => {
    const view = parseFeatureView(readFileSync(join(EXAMPLE, 'feature-view.yaml')), 'feature-view.yaml');
    const features = view.ok ? view.value.features : [];
    const found = await profilerHere.distribution({ path: join(EXAMPLE, 'data', 'train.csv'), features });
    expect(found.features.map(({ name }) => name)).toEqual(features.map(({ name }) => name));
    expect(found.features.every(({ rows, missing }) => rows + missing === found.rows)).toBe(true);
  });
});
