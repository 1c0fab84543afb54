import { valueText } from '../../domain/data-text.js';
import { createHash, type Hash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { pipeline } from 'node:stream/promises';
import { parse } from 'csv-parse';
import type { LabelledRows } from '../ports.js';
import { listed } from './check.js';
import { isParquet } from './data/format.js';
import { parquetRecords } from './parquet-records.js';

/** The most rows a labelled set may have. */
const ROW_LIMIT = 5_000_000;
/** The most numbers all rows may have together: one GiB as float32. */
const VALUE_LIMIT = 2 ** 28;
const BLOCK_ROWS = 4_096;
const CSV = { bom: true, max_record_size: 1024 * 1024 };
const NUMBER = /^[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d+)?$/;

/** A labelled file, CSV or Parquet, and what is expected of it. */
export interface LabelledFile {
  readonly path: string;
  readonly digest: string;
  /** The columns of the answer, in its order; the file must have these and the label, in any order, and no others. */
  readonly features: readonly string[];
  readonly label: string;
  /** The label of class 1; null where the labels are 0 and 1 already. */
  readonly positive: string | null;
}

interface Reading {
  readonly signal?: AbortSignal | undefined;
  readonly heartbeat?: () => void;
}

/**
 * Reads a labelled set strictly, picking columns by name. Throws an Error naming row (of the data, from 1) and column when
 * a value is no number or no label, and when the bytes read are not those of the digest.
 */
export async function readLabelledRows(file: LabelledFile, reading: Reading = {}): Promise<LabelledRows> {
  return (await isParquet(file.path)) ? readParquet(file, reading) : readCsv(file, reading);
}

async function readParquet(file: LabelledFile, { signal, heartbeat }: Reading): Promise<LabelledRows> {
  const hash = createHash('sha256');
  const source: AsyncIterable<Buffer> = createReadStream(file.path, { signal });
  for await (const chunk of source) {
    hash.update(chunk);
    heartbeat?.();
  }
  mustBe(file, hash);
  return collect(parquetRecords(file, { csv: CSV, signal }), file, { heartbeat });
}

async function readCsv(file: LabelledFile, { signal, heartbeat }: Reading): Promise<LabelledRows> {
  const hash = createHash('sha256');
  const parser = parse(CSV);
  const read = pipeline(createReadStream(file.path), (source: AsyncIterable<Buffer>) => hashing(source, hash), parser, {
    signal,
  });
  // Awaited below; a failure before that is thrown by the loop, or by what ended the loop.
  read.catch(() => undefined);
  const rows = await collect(parser, file, { heartbeat });
  await read;
  mustBe(file, hash);
  return rows;
}

function mustBe({ digest: registered }: LabelledFile, hash: Hash): void {
  const digest = hash.digest('hex');
  if (digest !== registered) throw new Error(`the stored data set has SHA-256 ${digest}, ${registered} is registered`);
}

/** The first row of a labelled set, read as strictly; the digest is not looked at, as that would take reading it all. */
export async function readFirstRow(file: LabelledFile, signal?: AbortSignal): Promise<LabelledRows> {
  if (await isParquet(file.path)) return collect(parquetRecords({ ...file, most: 1 }, { csv: CSV, signal }), file, { most: 1 });
  const parser = parse(CSV);
  const read = pipeline(createReadStream(file.path), parser);
  // Leaving off after one row breaks the pipeline; a real failure is thrown by the loop.
  read.catch(() => undefined);
  return collect(parser, file, { most: 1 });
}

/** The same rows with other columns in another order; throws an Error naming the columns that are not there. */
export function pickColumns(rows: LabelledRows, from: readonly string[], to: readonly string[]): LabelledRows {
  const at = to.map((name) => from.indexOf(name));
  const absent = to.filter((_, column) => at[column] === -1);
  if (absent.length > 0) throw new Error(`the data set has no column ${listed(absent)}`);
  const features = new Float32Array(rows.labels.length * to.length);
  for (let row = 0; row < rows.labels.length; row++) {
    at.forEach((column, target) => {
      features[row * to.length + target] = rows.features[row * rows.width + column] ?? Number.NaN;
    });
  }
  return { features, width: to.length, labels: rows.labels };
}

async function* hashing(source: AsyncIterable<Buffer>, hash: Hash): AsyncGenerator<Buffer> {
  for await (const chunk of source) {
    hash.update(chunk);
    yield chunk;
  }
}

interface Collecting {
  readonly heartbeat?: (() => void) | undefined;
  /** Where to leave off. */
  readonly most?: number;
}

async function collect(
  records: AsyncIterable<string[]>,
  file: LabelledFile,
  { heartbeat, most }: Collecting,
): Promise<LabelledRows> {
  const width = file.features.length;
  const mostRows = Math.min(ROW_LIMIT, Math.floor(VALUE_LIMIT / width));
  const blocks: Float32Array[] = [];
  const labels: number[] = [];
  const labelled = labelReader(file.positive);
  let columns: Columns | undefined;
  for await (const record of records) {
    if (!columns) {
      columns = findColumns(record, file);
      continue;
    }
    const row = labels.length + 1;
    if (row > mostRows) throw new Error(`the data set has more than ${mostRows} rows of ${width} features`);
    if (labels.length % BLOCK_ROWS === 0) {
      blocks.push(new Float32Array(BLOCK_ROWS * width));
      heartbeat?.();
    }
    const values = blocks.at(-1) ?? new Float32Array();
    const start = (labels.length % BLOCK_ROWS) * width;
    columns.features.forEach((column, index) => {
      values[start + index] = float32(record[column] ?? '', row, file.features[index] ?? '');
    });
    labels.push(labelled(record[columns.label] ?? '', row, file.label));
    if (row === most) break;
  }
  if (labels.length === 0) throw new Error('the data set has no rows');
  return { features: joined(blocks, labels.length * width), width, labels: Uint8Array.from(labels) };
}

interface Columns {
  readonly features: readonly number[];
  readonly label: number;
}

function findColumns(header: readonly string[], { features, label }: LabelledFile): Columns {
  if (features.includes(label)) throw new Error(`the label ${label} is one of the model's features`);
  const wanted = new Set([...features, label]);
  const problems = [
    ['lacks', [...wanted].filter((name) => !header.includes(name))],
    ['also has', header.filter((name) => !wanted.has(name))],
    ['repeats', header.filter((name, column) => header.indexOf(name) !== column)],
  ] as const;
  const found = problems.filter(([, names]) => names.length > 0).map(([what, names]) => `${what} ${listed(names)}`);
  if (found.length > 0) throw new Error(`the data set's columns are not the features and the label: it ${found.join('; it ')}`);
  return { features: features.map((name) => header.indexOf(name)), label: header.indexOf(label) };
}

function float32(text: string, row: number, column: string): number {
  const value = NUMBER.test(text) ? Math.fround(Number(text)) : Number.NaN;
  if (!Number.isFinite(value)) throw new Error(`row ${row}, column ${column}: ${valueText(text)} is not a float32 number`);
  return value;
}

/** With a positive label named, everything else is class 0, but only one other label: a misspelt one is not a class. */
function labelReader(positive: string | null): (text: string, row: number, column: string) => 0 | 1 {
  let negative = positive === null ? '0' : undefined;
  return (text, row, column) => {
    if (text === (positive ?? '1')) return 1;
    if (text !== '') negative ??= text;
    if (text === negative) return 0;
    const allowed = positive === null ? '1 or 0' : `${positive} or one other label`;
    throw new Error(`row ${row}, column ${column}: ${valueText(text)} is not a label, ${allowed} is expected`);
  };
}

function joined(blocks: readonly Float32Array[], length: number): Float32Array {
  const all = new Float32Array(length);
  blocks.forEach((block, index) => {
    const start = index * block.length;
    all.set(block.subarray(0, Math.min(block.length, length - start)), start);
  });
  return all;
}
