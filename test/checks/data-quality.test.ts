import { readFile } from 'node:fs/promises';
import { beforeAll, describe, expect, test } from 'vitest';
import { dataQuality } from '../../activities/checks/data-quality.js';
import type { CheckSubject } from '../../activities/checks/subject.js';
import type { Finding } from '../../domain/checks.js';
import type { DataExpectations } from '../../domain/data-quality.js';
import type { Store } from '../../platform/store.js';
import { DAY, policyWith } from '../support/attempt.js';
import { csv, HEADER, parquet, profilerHere, row, subjectWith } from './data-sets.js';
import { contextOf, exampleSubject, temporaryStore } from './subjects.js';

let store: Store;
let base: CheckSubject;
beforeAll(async () => {
  store = await temporaryStore();
  base = await exampleSubject(store, '1.2.0');
});

const asking = (change: Partial<DataExpectations>) => {
  const policy = policyWith();
  return { ...policy, data_quality: { ...policy.data_quality, ...change } };
};
const run = async (
  training: string | Uint8Array,
  { asked = {}, ...sets }: Parameters<typeof subjectWith>[3] & { asked?: Partial<DataExpectations> } = {},
): Promise<Finding> =>
  dataQuality.run(
    contextOf(store, await subjectWith(store, base, training, sets), { policy: asking(asked), data: profilerHere }),
  );
const reasonOf = async (...given: Parameters<typeof run>): Promise<string> => {
  const finding = await run(...given);
  expect(finding.verdict).toBe(finding.reason === '' ? 'pass' : 'fail');
  return finding.reason;
};

test.each(['1.2.0', '1.4.0'])('the example %s passes under the default policy', async (version) => {
  const subject = await exampleSubject(store, version);
  const finding = await dataQuality.run(contextOf(store, subject));
  expect(finding).toMatchObject({
    verdict: 'pass',
    reason: '',
    measured: {
      rows: '233',
      columns: '132',
      nulls: '0',
      duplicates: '0',
      overlap: '0',
      holdout_rows: '100',
      registered: '2026-09-01T08:00:00.000Z',
    },
    limit: {
      rows: '>= 100',
      nulls: '<= 0',
      duplicates: '<= 0',
      minority: '>= 0.05',
      overlap: '<= 0',
      registered: 'at most 730d ago',
    },
  });
  expect(finding.source).toMatch(
    /^training set ad_train_2026_09 \(sha256 8b8aa8ed[0-9a-f]{56}\) and hold-out set ad_holdout_2026_09 \(sha256 .*every row read and counted by DuckDB v1\./,
  );
  expect(await dataQuality.run(contextOf(store, subject))).toEqual(finding);
});

describe('one planted defect, one reason', () => {
  const without = (at: number) => (line: string) =>
    line
      .split(',')
      .filter((_, place) => place !== at)
      .join(',');
  const edited = (edit: (line: string) => string) => csv(0, 200).trim().split('\n').map(edit).join('\n');

  test.each<[string, string, string]>([
    ['none', csv(0, 200), ''],
    ['a missing column', edited(without(1)), 'missing: visits'],
    ['no label', edited(without(4)), 'the label ill is missing'],
    ['an extra column', edited((line) => `${line},${line === HEADER ? 'name' : 'x'}`), 'extra: name'],
    [
      'a repeated column',
      edited((line) => `${line},${line === HEADER ? 'age' : '1'}`),
      'repeated: age (float32, column 1 and 5; in the view float32, column 1)',
    ],
    [
      'a wrong type in one row',
      csv(0, 200, { 7: 'abc,1,"ward",true,1' }),
      'column age: 1 value not of its type, first a text of 3 characters in row 7',
    ],
    [
      'a number with a decimal mark where whole ones are',
      csv(0, 200, { 8: '1,1.5,"ward",true,1' }),
      'column visits: 1 value not of its type, first "1.5" in row 8',
    ],
    [
      'a number that is not finite',
      csv(0, 200, { 9: '1e39,1,"ward",true,1' }),
      'column age: 1 value not of its type, first "1e39" in row 9',
    ],
    [
      'a word for no number',
      csv(0, 200, { 9: 'NaN,1,"ward",true,1' }),
      'column age: 1 value not of its type, first "NaN" in row 9',
    ],
    [
      'two wrong values',
      csv(0, 200, { 9: ' 1,1,"w",true,1', 4: '1_0,1,"w",maybe,1' }),
      'column age: 2 values not of its type, first "1_0" in row 4; column male: 1 value not of its type, first a text of 5 characters in row 4',
    ],
    ['a null', csv(0, 200, { 3: '1,,"w",true,1' }), 'column visits: 1 of 200 rows without a value: 0.005 is above 0'],
    ['a quoted null', csv(0, 200, { 3: '1,2,"",true,1' }), 'column ward: 1 of 200 rows without a value: 0.005 is above 0'],
    ['no label in a row', csv(0, 200, { 3: '1,2,"w",true,' }), 'column ill: 1 of 200 rows without a value: 0.005 is above 0'],
    [
      'an unknown label',
      csv(0, 200, { 5: '1,2,"w",true,yes' }),
      'column ill: 1 value neither 0 nor 1, first a text of 3 characters in row 5',
    ],
    ['a repeated row', csv(0, 200, { 5: row(0), 9: row(0) }), '2 of 200 rows the same as an earlier one: 0.01 is above 0'],
    [
      'a repeated row written otherwise',
      csv(0, 200, { 5: '5.025e1,+0,ward 0,TRUE,0' }),
      '1 of 200 rows the same as an earlier one: 0.005 is above 0',
    ],
    ['one class', edited((line) => line.replace(/,1$/, ',0')), 'the smaller class has 0 of 200 rows: 0 is below 0.05'],
    [
      'a row shared with the hold-out set',
      csv(0, 200, { 5: row(1_003) }),
      '1 of 20 rows of the hold-out set also in the training set, at most 0 may be',
    ],
    ['an empty file', '', 'the file is empty'],
    ['a header only', `${HEADER}\n`, '0 rows, at least 100 are asked for'],
    ['a row too short', csv(0, 200, { 5: '1,2,"w",true' }), 'line 6 has 4 values, the header has 5'],
    ['a row too long', csv(0, 200, { 5: '1,2,"w",true,1,1' }), 'line 6 has 6 values, the header has 5'],
    [
      'a quote that does not end',
      csv(0, 200, { 199: '1,2,"w,true,1' }),
      'line 200 has a quote that does not end, or text after one',
    ],
    [
      'a field of more than a megabyte',
      csv(0, 200, { 5: `1,2,"${'x'.repeat(1_100_000)}",true,1` }),
      'line 6 is longer than 1048576 bytes',
    ],
  ])('%s', async (_, bytes, reason) => {
    expect(await reasonOf(bytes)).toBe(reason);
  });

  test('bytes that are not UTF-8', async () => {
    const bytes = Buffer.from(csv(0, 200, { 5: '1,2,"w?",true,1' }).replace('w?', 'w\u00ff'), 'latin1');
    expect(await reasonOf(bytes)).toBe('line 6 is not UTF-8');
  });

  test('a long value is cut, and never within a character', async () => {
    const bytes = csv(0, 200, { 5: `${'x'.repeat(39)}😀y,2,"w",true,1` });
    expect(await reasonOf(bytes)).toBe(`column age: 1 value not of its type, first a text of 40 characters in row 5`);
  });

  test('columns in another order', async () => {
    const bytes = edited((line) => line.replace(/^([^,]*),([^,]*)/, '$2,$1'));
    expect(await reasonOf(bytes)).toMatch(/^moved: (age|visits) \(/);
  });

  test('all of them are named', async () => {
    const planted = csv(0, 60, { 2: 'abc,,"w",true,1', 9: row(0), 10: row(1_003) });
    expect((await reasonOf(planted, { asked: { columns: { age: { max: 50 } } } })).split('; ')).toEqual([
      '60 rows, at least 100 are asked for',
      'column age: 1 value not of its type, first a text of 3 characters in row 2',
      'column age: 59 values above 50, first "50.25" in row 1',
      'column visits: 1 of 60 rows without a value: 0.016667 is above 0',
      '1 of 60 rows the same as an earlier one: 0.016667 is above 0',
      '1 of 20 rows of the hold-out set also in the training set, at most 0 may be',
    ]);
  });
});

describe('what is written otherwise and is the same', () => {
  test.each([
    ['a byte order mark', `\uFEFF${csv(0, 200)}`],
    ['CRLF', csv(0, 200).replaceAll('\n', '\r\n')],
    ['no last line end', csv(0, 200).trim()],
    ['quoted line breaks and quotes', csv(0, 200, { 5: '1,2,"a\nb,c,d\r\n""e""",true,1' })],
    ['a quoted line break in the header', csv(0, 200).replace('ward', '"ward"')],
    ['a field of almost a megabyte', csv(0, 200, { 5: `1,2,"${'x'.repeat(1_000_000)}",true,1` })],
    [
      'the label first',
      csv(0, 200)
        .trim()
        .split('\n')
        .map((line) => line.replace(/^(.*),([^,]*)$/, '$2,$1'))
        .join('\n'),
    ],
  ])('%s', async (_, bytes) => {
    expect(await run(bytes)).toMatchObject({
      reason: '',
      measured: { rows: '200', minority: expect.stringMatching(/^0\.(5|495)$/) as string },
    });
  });
});

describe('labels that are named', () => {
  const named = (text: string) => text.replace(/,1$/gm, ',Impaired').replace(/,0$/gm, ',Control');
  const label = { positive: 'Impaired' };
  const holdout = named(csv(1_000, 1_020));

  test('a positive one and one other', async () => {
    expect(await run(named(csv(0, 200)), { holdout, label })).toMatchObject({
      reason: '',
      measured: { positives: '100', negatives: '100' },
    });
  });

  test('a third is none', async () => {
    const bytes = named(csv(0, 200, { 5: '1,2,"w",true,impaired' }));
    expect(await reasonOf(bytes, { holdout, label })).toBe(
      'column ill: a text of 7 characters and a text of 8 characters besides "Impaired", one other label is expected',
    );
  });
});

// Rules §2: the limit itself is still allowed.
describe('at the limit and beyond it', () => {
  const nulls = csv(0, 200, { 3: '1,,"w",true,1', 4: '2,,"w",true,1' });
  const twins = csv(0, 200, { 3: row(0), 4: row(0) });
  const leaks = csv(0, 200, { 3: row(1_000), 4: row(1_001) });
  const few = csv(0, 200)
    .split('\n')
    .map((line, at) => (at === 0 || at > 190 ? line : line.replace(/,1$/, ',0')))
    .join('\n');

  test.each<[string, string, Partial<DataExpectations>, string]>([
    ['rows', csv(0, 200), { min_rows: 200 }, ''],
    ['rows', csv(0, 200), { min_rows: 201 }, '200 rows, at least 201 are asked for'],
    ['nulls', nulls, { nulls: 0.01 }, ''],
    ['nulls', nulls, { nulls: 0.0099 }, 'column visits: 2 of 200 rows without a value: 0.01 is above 0.0099'],
    ['nulls of one column', nulls, { columns: { visits: { nulls: 0.01 } } }, ''],
    [
      'nulls of another column',
      nulls,
      { columns: { age: { nulls: 0.01 } } },
      'column visits: 2 of 200 rows without a value: 0.01 is above 0',
    ],
    ['duplicates', twins, { duplicates: 0.01 }, ''],
    ['duplicates', twins, { duplicates: 0.0099 }, '2 of 200 rows the same as an earlier one: 0.01 is above 0.0099'],
    ['overlap', leaks, { overlap: 2 }, ''],
    ['overlap', leaks, { overlap: 1 }, '2 of 20 rows of the hold-out set also in the training set, at most 1 may be'],
    ['classes', few, { minority: 0.025 }, ''],
    ['classes', few, { minority: 0.0251 }, 'the smaller class has 5 of 200 rows: 0.025 is below 0.0251'],
    ['a range', csv(0, 200), { columns: { age: { min: 50.25, max: 50.449 }, visits: { min: 0, max: 199 } } }, ''],
    ['a minimum', csv(0, 200), { columns: { age: { min: 50.251 } } }, 'column age: 1 value below 50.251, first "50.25" in row 1'],
    [
      'a maximum',
      csv(0, 200),
      { columns: { visits: { max: 198.5 } } },
      'column visits: 1 value above 198.5, first "199" in row 200',
    ],
    [
      'values',
      csv(0, 200),
      { columns: { male: { values: [0, true] }, ward: { values: [0, 1, 2, 3, 4, 5, 6].map((at) => `ward ${at}`) } } },
      '',
    ],
    ['values', csv(0, 200), { columns: { male: { values: [1] } } }, 'column male: 133 values none of 1, first "false" in row 2'],
    [
      'values',
      csv(0, 200),
      { columns: { visits: { values: ['0', 1] } } },
      'column visits: 199 values none of 0, 1, first "0" in row 1',
    ],
  ])('%s %#', async (_, bytes, asked, reason) => {
    expect(await reasonOf(bytes, { asked })).toBe(reason);
  });

  test('a float32 is held against the limit as a float32', async () => {
    const bytes = csv(0, 200, { 1: '0.1,1,"w",true,1' });
    expect(await reasonOf(bytes, { asked: { columns: { age: { min: 0.1 } } } })).toBe('');
  });

  test('how long ago the set was registered', async () => {
    const subject = await subjectWith(store, base, csv(0, 200));
    const at = (now: string) =>
      dataQuality.run(
        contextOf(store, subject, { policy: asking({ freshness: 30 * DAY }), data: profilerHere, now: Date.parse(now) }),
      );
    expect(await at('2026-10-01T08:00:00.000Z')).toMatchObject({ verdict: 'pass', limit: { registered: 'at most 30d ago' } });
    expect(await at('2026-10-01T08:00:00.001Z')).toMatchObject({
      verdict: 'fail',
      reason: 'registered on 2026-09-01T08:00:00.000Z, longer ago than 30d',
    });
  });
});

test('ranges are shown beside what is asked', async () => {
  const finding = await run(csv(0, 200), {
    asked: { columns: { visits: { min: 0, max: 1_000, nulls: 0.5 }, male: { values: [0, 1] } } },
  });
  expect(finding.measured).toMatchObject({ 'column visits': '0 to 199' });
  expect(finding.limit).toMatchObject({ 'column visits': '>= 0, <= 1000, nulls <= 0.5', 'column male': 'one of 0, 1' });
});

test('expectations that can never be told are the policy’s fault, and said', async () => {
  const columns = { ages: { min: 1 }, ward: { max: 9 }, ill: { values: [0, 1] } };
  expect((await reasonOf(csv(0, 200), { asked: { columns } })).split('; ')).toEqual([
    'the policy has expectations of a column ages, which is neither a feature nor the label',
    'the policy has a range for ward, which is string',
    'the policy has values for the label ill, which the data set declares itself',
  ]);
});

describe('Parquet', () => {
  const select = (age: string, more = '') =>
    `SELECT ${age} AS age, i::BIGINT AS visits, 'ward ' || (i % 7) AS ward, i % 3 = 0 AS male, i % 2 AS ill${more} FROM range(200) r(i)`;
  const AGE = '((50250 + i) / 1000)::FLOAT';
  const bytesOf = async (query: string) => readFile(await parquet(query));

  test('passes, and its rows are those of the CSV', async () => {
    const bytes = await bytesOf(select(AGE));
    expect(await run(bytes)).toMatchObject({ reason: '', measured: { rows: '200', positives: '100', overlap: '0' } });
    const leaked = await run(bytes, { holdout: csv(190, 210) });
    expect(leaked.reason).toBe('10 of 20 rows of the hold-out set also in the training set, at most 0 may be');
  });

  test.each([
    ['another type', select('50 + i'), 'of another type: age (int64, column 1; in the view float32, column 1)'],
    [
      'a float64 that is no float32',
      select(`CASE WHEN i = 7 THEN 1e39::DOUBLE ELSE ${AGE} END`),
      'column age: 1 value not of its type, first "1e+39" in row 8',
    ],
    [
      'a type views do not know',
      select(`DATE '2026-01-01'`),
      'of another type: age (DATE, column 1; in the view float32, column 1)',
    ],
    ['an extra column', select(AGE, ', i AS file_row_number'), 'extra: file_row_number'],
    ['a null', select(`CASE WHEN i <> 7 THEN ${AGE} END`), 'column age: 1 of 200 rows without a value: 0.005 is above 0'],
    [
      'a number that is none',
      select(`CASE WHEN i = 7 THEN 'nan'::FLOAT ELSE ${AGE} END`),
      'column age: 1 value not of its type, first "nan" in row 8',
    ],
    [
      'a value beyond its range',
      select(`CASE WHEN i = 190 THEN 200::FLOAT ELSE ${AGE} END`),
      'column age: 1 value above 120, first "200.0" in row 191',
    ],
  ])('%s', async (_, query, reason) => {
    expect(await reasonOf(await bytesOf(query), { asked: { columns: { age: { max: 120 } } } })).toBe(reason);
  });

  test('a float64 is read as float32, as a decimal of a CSV file is', async () => {
    const bytes = await bytesOf(select('(50250 + i) / 1000::DOUBLE'));
    expect(await run(bytes)).toMatchObject({ reason: '', measured: { rows: '200', overlap: '0' } });
    const leaked = await run(csv(0, 200), { holdout: bytes });
    expect(leaked.reason).toBe('200 of 200 rows of the hold-out set also in the training set, at most 0 may be');
  });

  test('one that is cut off is the data set’s fault', async () => {
    const bytes = await bytesOf(select(AGE));
    expect(await reasonOf(bytes.subarray(0, bytes.length - 10))).toBe('No magic bytes found at end of the file');
  });
});

test('what is not registered, or damaged in the store, cannot be measured', async () => {
  const subject = await subjectWith(store, base, csv(0, 200));
  const measuring = (change: Partial<CheckSubject>) => dataQuality.run(contextOf(store, { ...subject, ...change }));
  await expect(measuring({ trainingSet: null })).rejects.toThrow('ad_train_2026_09 is not registered');
  await expect(measuring({ holdoutSet: null })).rejects.toThrow('ad_holdout_2026_09 is not registered');
  await expect(measuring({ featureView: null })).rejects.toThrow('feature view wards version 1 is not registered');
  const trainingSet = subject.trainingSet && { ...subject.trainingSet, digest: 'f'.repeat(64) };
  await expect(measuring({ trainingSet })).rejects.toThrow(`does not have its SHA-256 ${'f'.repeat(64)}`);
});
