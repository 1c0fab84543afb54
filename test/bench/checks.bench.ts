import { execFile } from 'node:child_process';
import { randomFillSync } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { DuckDBInstance } from '@duckdb/node-api';
import { afterAll, expect, it } from 'vitest';
import { createDataProfiler } from '../../activities/checks/duckdb-profiler.js';
import { openStore } from '../../platform/store.js';
import { medianMs, peakOfChildren, say } from './figures.js';

const dir = mkdtempSync(join(tmpdir(), 'gatehouse-bench-'));
afterAll(() => rmSync(dir, { recursive: true }));

it('the digest of an artifact of 100 MB, beside sha256sum', async () => {
  const file = join(dir, 'artifact');
  writeFileSync(file, randomFillSync(Buffer.alloc(100_000_000)));
  const store = openStore(join(dir, 'store'));
  const { digest } = await store.put(file);
  const own = await medianMs(5, async () => expect(await store.verify(digest)).toBe(true));
  const other = await medianMs(5, () => promisify(execFile)('sha256sum', [file]));
  say(
    'verify 100 MB in the store, sha256sum',
    `${own.toFixed(0)} ms, ${other.toFixed(0)} ms (${(own / other).toFixed(2)} times)`,
  );
});

it('data quality on 10 million rows', async () => {
  const names = Array.from({ length: 8 }, (_, at) => `f${at}`);
  const write = async (path: string, rows: number, seed: number): Promise<void> => {
    const instance = await DuckDBInstance.create(':memory:');
    const connection = await instance.connect();
    const columns = names.map((name, at) => `(hash(i + ${seed}, ${at}) % 1000000) / 1000.0 AS ${name}`);
    const query = `SELECT ${columns.join(', ')}, hash(i) % 2 AS label FROM range(${rows}) AS r(i)`;
    await connection.run(`COPY (${query}) TO '${path}' (HEADER)`);
    connection.closeSync();
    instance.closeSync();
  };
  const [training, holdout] = [join(dir, 'training.csv'), join(dir, 'holdout.csv')];
  await write(training, 10_000_000, 0);
  await write(holdout, 5_000, 77_000_000);
  const label = { name: 'label', positive: null };
  const features = names.map((name) => ({ name, type: 'float32', min: 0, max: 1000 }));
  const request = { training: { path: training, label }, holdout: { path: holdout, label }, features };
  const started = performance.now();
  const peak = await peakOfChildren(async () => {
    const { figures } = await createDataProfiler().profile(request);
    expect(figures?.rows).toBe(10_000_000);
  });
  say(
    'data quality of 10 million rows of CSV',
    `${((performance.now() - started) / 1000).toFixed(1)} s, ${(peak / 1e6).toFixed(0)} MB`,
  );
});
