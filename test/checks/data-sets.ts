import { join } from 'node:path';
import { DuckDBInstance } from '@duckdb/node-api';
import { distribution } from '../../activities/checks/data/distribution.js';
import { profile } from '../../activities/checks/data/profile.js';
import type { CheckSubject, DatasetRecord } from '../../activities/checks/subject.js';
import type { DataProfiler } from '../../activities/ports.js';
import { featureBytes, type Feature } from '../../domain/checks.js';
import { sha256 } from '../../platform/digest.js';
import type { Store } from '../../platform/store.js';
import { temporaryDirectory } from './temporary.js';

/** The feature view of the planted data sets. */
export const FEATURES: readonly Feature[] = [
  { name: 'age', type: 'float32' },
  { name: 'visits', type: 'int64' },
  { name: 'ward', type: 'string' },
  { name: 'male', type: 'bool' },
];
export const HEADER = 'age,visits,ward,male,ill';

/** A row that is like no other: ages from 50.25 up in steps of 0.001, every second one ill. */
export function row(at: number): string {
  return `${(50_250 + at) / 1000},${at},"ward ${at % 7}",${at % 3 === 0},${at % 2}`;
}

/** Rows `from` to `to - 1` as a CSV file, with lines replaced by what is planted there. */
export function csv(from: number, to: number, planted: Readonly<Record<number, string>> = {}): string {
  const lines = Array.from({ length: to - from }, (_, at) => planted[at + 1] ?? row(from + at));
  return `${[HEADER, ...lines].join('\n')}\n`;
}

/** A subject whose training and hold-out set are these bytes. */
export async function subjectWith(
  store: Store,
  base: CheckSubject,
  training: string | Uint8Array,
  { holdout = csv(1_000, 1_020), label = {} }: { holdout?: string | Uint8Array; label?: Partial<DatasetRecord> } = {},
): Promise<CheckSubject> {
  const view = { name: 'wards', version: 1 };
  const set = async (record: DatasetRecord | null, bytes: string | Uint8Array): Promise<DatasetRecord> => {
    if (!record) throw new Error('the example has both data sets');
    const { digest } = await store.putBytes(bytes);
    return { ...record, digest, featureView: view, label: 'ill', ...label };
  };
  return {
    ...base,
    modelFile: { ...base.modelFile, featureView: view },
    featureView: { ...view, features: FEATURES, featureHash: sha256(featureBytes(FEATURES)) },
    trainingSet: await set(base.trainingSet, training),
    holdoutSet: await set(base.holdoutSet, holdout),
  };
}

const ALLOWANCE = { memoryMb: 512, threads: 2, spillMb: 1_000 };

/** As in the data process, without starting one for each data set: those of the example are profiled in theirs. */
export const profilerHere: DataProfiler = {
  profile: async (request) => profile(request, await temporaryDirectory(), ALLOWANCE),
  distribution: async (request) => distribution(request, await temporaryDirectory(), ALLOWANCE),
};
/** The Parquet file that a query answers. */
export async function parquet(select: string): Promise<string> {
  const path = join(await temporaryDirectory(), 'rows.parquet');
  const instance = await DuckDBInstance.create(':memory:');
  const connection = await instance.connect();
  await connection.run(`COPY (${select}) TO '${path}' (FORMAT PARQUET)`);
  connection.closeSync();
  instance.closeSync();
  return path;
}
