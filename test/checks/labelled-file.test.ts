import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { pickColumns, readFirstRow, readLabelledRows, type LabelledFile } from '../../activities/checks/labelled-file.js';
import { sha256 } from '../../platform/digest.js';
import { temporaryDirectory } from './temporary.js';

async function file(text: string, changes: Partial<LabelledFile> = {}): Promise<LabelledFile> {
  const path = join(await temporaryDirectory(), 'rows.csv');
  await writeFile(path, text);
  return { path, digest: sha256(text), features: ['age', 'tau'], label: 'ill', positive: null, ...changes };
}

const read = async (text: string, changes?: Partial<LabelledFile>) => readLabelledRows(await file(text, changes));

test('columns are found by name and come in the order of the features', async () => {
  const rows = await read('ill,tau,age\n1,0.5,70\n0,-1e2,+.25\n');
  expect(rows).toEqual({ features: Float32Array.from([70, 0.5, 0.25, -100]), width: 2, labels: Uint8Array.from([1, 0]) });
});

test('a byte order mark, CRLF, quotes and no last line end are read alike', async () => {
  const rows = await read('\uFEFFage,tau,ill\r\n"70",0.5,1');
  expect([...rows.features, ...rows.labels]).toEqual([70, 0.5, 1]);
});

test('more rows than one block keep their order', async () => {
  const lines = Array.from({ length: 9_000 }, (_, row) => `${row},${row + 0.5},${row % 2}`);
  const rows = await read(['age,tau,ill', ...lines].join('\n'));
  expect(rows.labels.length).toBe(9_000);
  expect([...rows.features.subarray(2 * 8_191, 2 * 8_193)]).toEqual([8191, 8191.5, 8192, 8192.5]);
});

test.each([
  ['age,ill\n1,1\n', 'it lacks tau'],
  ['age,tau\n1,1\n', 'it lacks ill'],
  ['age,tau,ill,name\n1,1,1,x\n', 'it also has name'],
  ['age,tau,tau,ill\n1,1,1,1\n', 'it repeats tau'],
  ['Age,tau,ill\n1,1,1\n', 'it lacks age; it also has Age'],
  ['age,tau,ill\n', 'the data set has no rows'],
  ['', 'the data set has no rows'],
  ['age,tau,ill\n1,2\n', 'Invalid Record Length'],
  ['age,tau,ill\n1,2,0\n\n3,4,1\n', 'Invalid Record Length'],
  ['age,tau,ill\n1,"2,0\n', 'Quote Not Closed'],
])('refuses the table %j: %s', async (text, reason) => {
  await expect(read(text)).rejects.toThrow(reason);
});

test.each(['', 'NaN', 'Infinity', '1e400', '1e39', ' 1', '1 ', '0x10', '1_000', '1,5', 'null', '--1', '１'])(
  'refuses %j for a number, naming row and column',
  async (value) => {
    await expect(read(`age,tau,ill\n1,2,0\n1,"${value}",1\n`)).rejects.toThrow('row 2, column tau: ');
  },
);

test.each(['', '2', 'yes', '1.0', 'true'])('refuses %j for a label', async (label) => {
  await expect(read(`age,tau,ill\n1,2,${label}\n`)).rejects.toThrow('is not a label, 1 or 0 is expected');
});

test('a positive label and one other are 1 and 0; a third is refused', async () => {
  const positive = { positive: 'Impaired' };
  const { labels } = await read('age,tau,ill\n1,2,Control\n1,2,Impaired\n', positive);
  expect([...labels]).toEqual([0, 1]);
  const misspelt = 'age,tau,ill\n1,2,Control\n1,2,impaired\n';
  await expect(read(misspelt, positive)).rejects.toThrow(
    'row 2, column ill: a text of 8 characters is not a label, Impaired or one other label is expected',
  );
  await expect(read('age,tau,ill\n1,2,\n', positive)).rejects.toThrow('Impaired or one other label is expected');
});

test('refuses a label that the model is fed', async () => {
  await expect(read('age,tau,ill\n1,2,0\n', { features: ['age', 'ill'] })).rejects.toThrow("one of the model's features");
});

test('refuses bytes that are not the registered ones, and a file that is not there', async () => {
  await expect(read('age,tau,ill\n1,2,0\n', { digest: 'f'.repeat(64) })).rejects.toThrow('the stored data set has SHA-256');
  const { path, ...gone } = await file('');
  await expect(readLabelledRows({ ...gone, path: `${path}.gone` })).rejects.toThrow('ENOENT');
});

test('stops when cancelled', async () => {
  const signal = AbortSignal.abort(new Error('cancelled'));
  await expect(readLabelledRows(await file('age,tau,ill\n1,2,0\n'), { signal })).rejects.toThrow();
});

test('the first row alone is read without the rest', async () => {
  const rows = await readFirstRow(await file('age,tau,ill\n1,2,1\nnonsense\n'));
  expect(rows).toEqual({ features: Float32Array.from([1, 2]), width: 2, labels: Uint8Array.from([1]) });
  await expect(readFirstRow(await file('age,tau,ill\n'))).rejects.toThrow('has no rows');
});

test('columns can be picked again, but not ones that are not there', async () => {
  const rows = await read('age,tau,ill\n1,2,1\n3,4,0\n');
  expect([...pickColumns(rows, ['age', 'tau'], ['tau']).features]).toEqual([2, 4]);
  expect([...pickColumns(rows, ['age', 'tau'], ['tau', 'age']).features]).toEqual([2, 1, 4, 3]);
  expect(() => pickColumns(rows, ['age', 'tau'], ['tau', 'weight'])).toThrow('the data set has no column weight');
});
