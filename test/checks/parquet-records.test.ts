import { readdir, readFile, realpath, rename, writeFile } from 'node:fs/promises';
import { DuckDBInstance } from '@duckdb/node-api';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { readFirstRow, readLabelledRows, type LabelledFile } from '../../activities/checks/labelled-file.js';
import { parquetRecords, type ParquetReading } from '../../activities/checks/parquet-records.js';
import { sha256 } from '../../platform/digest.js';
import { parquet } from './data-sets.js';
import { temporaryDirectory } from './temporary.js';

let directory: string;
beforeEach(async () => {
  directory = await realpath(await temporaryDirectory());
  vi.stubEnv('TMPDIR', directory);
});
afterEach(() => vi.unstubAllEnvs());

const leftBehind = async () => (await readdir(directory)).filter((name) => name.startsWith('gatehouse-data-'));
const row = (age: string, tau: string, ill: string) => `SELECT ${age} AS age, ${tau} AS tau, ${ill} AS ill`;

async function file(select: string, changes: Partial<LabelledFile> = {}): Promise<LabelledFile> {
  const path = await parquet(select);
  return { path, digest: sha256(await readFile(path)), features: ['age', 'tau'], label: 'ill', positive: null, ...changes };
}
const read = async (select: string, changes?: Partial<LabelledFile>) => readLabelledRows(await file(select, changes));

test('columns are found by name and come in the order of the features, whatever the file is called', async () => {
  const set = await file('SELECT 1 AS ill, 0.1::DOUBLE AS tau, 70::FLOAT AS age UNION ALL SELECT 0, -100, 0.25');
  const path = set.path.replace('.parquet', '.csv');
  await rename(set.path, path);
  expect(await readLabelledRows({ ...set, path })).toEqual({
    features: Float32Array.from([70, 0.1, 0.25, -100]),
    width: 2,
    labels: Uint8Array.from([1, 0]),
  });
  expect(await leftBehind()).toEqual([]);
});

test('every float32 comes back bit for bit, in the order of many row groups', async () => {
  const rows = 250_000;
  // From the smallest that there is to 10^35, with all their digits.
  const set = await file(
    `SELECT (0.1::DOUBLE * (i + 1) * pow(10, i % 76 - 44))::FLOAT AS age, i::FLOAT AS tau, i % 2 AS ill FROM range(${rows}) r(i)`,
  );
  const connection = await (await DuckDBInstance.create(':memory:')).connect();
  const [ages] = (await connection.runAndReadAll(`SELECT age FROM read_parquet('${set.path}')`)).getColumns();
  const { features, labels } = await readLabelledRows(set);
  expect(labels.length).toBe(rows);
  const wrong = ages?.findIndex((age, at) => features[2 * at] !== age || features[2 * at + 1] !== at || labels[at] !== at % 2);
  expect(wrong).toBe(-1);
});

test.each<[string, string, Partial<LabelledFile>, string]>([
  ['a missing column', 'SELECT 1::FLOAT AS age, 1 AS ill', {}, 'it lacks tau'],
  ['no label', 'SELECT 1::FLOAT AS age, 1::FLOAT AS tau', {}, 'it lacks ill'],
  ['another column', `${row('1::FLOAT', '2::FLOAT', '1')}, 'x' AS name`, {}, 'it also has name'],
  ['another case', 'SELECT 1::FLOAT AS "Age", 1::FLOAT AS tau, 1 AS ill', {}, 'it lacks age; it also has Age'],
  ['a label that is fed', row('1::FLOAT', '2::FLOAT', '1'), { features: ['age', 'ill'] }, "one of the model's features"],
  ['no rows', `${row('1::FLOAT', '2::FLOAT', '1')} LIMIT 0`, {}, 'the data set has no rows'],
  ['whole numbers', row('1::BIGINT', '2::FLOAT', '1'), {}, 'column age is int64, not float32 or float64'],
  ['texts', row(`'1'`, '2::FLOAT', '1'), {}, 'column age is string, not float32 or float64'],
  ['a null', row('1::FLOAT', 'NULL::FLOAT', '1'), {}, 'row 1, column tau: "" is not a float32 number'],
  ['NaN', row('1::FLOAT', `'nan'::FLOAT`, '1'), {}, 'row 1, column tau: "nan" is not a float32 number'],
  ['infinity', row('1::FLOAT', `'inf'::DOUBLE`, '1'), {}, 'row 1, column tau: "inf" is not a float32 number'],
  ['too large a number', row('1::FLOAT', '1e39::DOUBLE', '1'), {}, 'row 1, column tau: "1e+39" is not a float32 number'],
  ['a null for a label', row('1::FLOAT', '2::FLOAT', 'NULL::BIGINT'), {}, 'row 1, column ill: "" is not a label'],
  ['another label', row('1::FLOAT', '2::FLOAT', 'true'), {}, 'row 1, column ill: "true" is not a label, 1 or 0 is expected'],
  ['other bytes', row('1::FLOAT', '2::FLOAT', '1'), { digest: 'f'.repeat(64) }, 'the stored data set has SHA-256'],
])('refuses %s', async (_, select, changes, reason) => {
  await expect(read(select, changes)).rejects.toThrow(reason);
  expect(await leftBehind()).toEqual([]);
});

test('labels that are named may be any text; a third is refused with its row', async () => {
  const other = `ill, "or" 'so'\nmaybe`.replaceAll("'", "''");
  const select = (third: string) => `SELECT 1::FLOAT AS age, 2::FLOAT AS tau, unnest(['no', '${other}', '${third}']) AS ill`;
  const positive = other.replaceAll("''", "'");
  expect([...(await read(select('no'), { positive })).labels]).toEqual([0, 1, 0]);
  await expect(read(select('No'), { positive })).rejects.toThrow('row 3, column ill: a text of 2 characters is not a label');
});

test('one that is cut off is an error', async () => {
  const set = await file(row('1::FLOAT', '2::FLOAT', '1'));
  const bytes = (await readFile(set.path)).subarray(0, -10);
  await writeFile(set.path, bytes);
  const reason = 'the data process ended with code 1: No magic bytes found at end of the file';
  await expect(readLabelledRows({ ...set, digest: sha256(bytes) })).rejects.toThrow(reason);
});

test('the first row alone is read as strictly, and the process ended', async () => {
  const set = await file(
    `SELECT (70 + i)::FLOAT AS age, CASE WHEN i < 5 THEN i::DOUBLE END AS tau, 1 AS ill FROM range(9000) r(i)`,
  );
  expect(await readFirstRow(set)).toEqual({ features: Float32Array.from([70, 0]), width: 2, labels: Uint8Array.from([1]) });
  await expect(readFirstRow(await file(row('1::FLOAT', 'NULL::FLOAT', '1')))).rejects.toThrow('row 1, column tau');
  expect(await leftBehind()).toEqual([]);
});

describe('a process that does not read to the end is an error, and leaves nothing behind', () => {
  const records = async (code: string, reading: Partial<ParquetReading> = {}) => {
    const started = { command: process.execPath, args: ['-e', code] };
    const found: string[][] = [];
    const request = { path: '/nowhere', features: [], label: 'ill' };
    for await (const record of parquetRecords(request, { csv: {}, process: started, ...reading })) found.push(record);
    return found;
  };
  const print = (text: string) => `process.stdout.write(${JSON.stringify(text)})`;

  test.each([
    ['ends within a line', `${print('a,b\n1,2\n3')}; process.exitCode = 7`, 'the data process ended with code 7'],
    ['ends within a quote', `${print('"a')}; process.exitCode = 7`, 'the data process ended with code 7'],
    ['is killed', `${print('a,b\n')}; process.kill(process.pid, 'SIGKILL')`, 'the data process was killed by SIGKILL'],
    ['takes too long', `${print('a,b\n')}; setInterval(() => {}, 1000)`, 'took longer than 1500 ms'],
    ['prints what is no CSV', `${print('a,b\n1\n2,3\n4,5\n')}; setInterval(() => {}, 1000)`, 'Invalid Record Length'],
  ])('%s', async (_, code, reason) => {
    await expect(records(code, { timeoutMs: 1_500 })).rejects.toThrow(reason);
    expect(await leftBehind()).toEqual([]);
  });

  test('cannot be started, is cancelled', async () => {
    await expect(records('', { process: { command: '/nowhere', args: [] } })).rejects.toThrow('ENOENT');
    const signal = AbortSignal.timeout(300);
    await expect(records('setInterval(() => {}, 1000)', { signal })).rejects.toThrow('aborted due to timeout');
    expect(await leftBehind()).toEqual([]);
  });
});
