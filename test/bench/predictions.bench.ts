import pg from 'pg';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { predictionLog } from '../../activities/metrics/prediction-log.js';
import { FIRST_WATCH } from '../../domain/watch-policy.js';
import { copyDatabase, type TestDatabase } from '../support/database.js';
import { putVersions } from '../support/serving-log.js';
import { medianMs, say } from './figures.js';

const ROWS = Number(process.env['ROWS'] ?? 10_000_000);
const A_SECOND = 100;
const WIDTH = 131;
const MINUTE = 60_000;
const OF = { model: 'm', version: '1.0.0' };
const NAMES = Array.from({ length: WIDTH }, (_, at) => `f${at}`);
const { signal } = new AbortController();

let db: TestDatabase;
beforeAll(async () => {
  db = await copyDatabase();
  await putVersions(db, OF.model, [OF.version], NAMES);
  // The pools of Gatehouse give up after a minute.
  const client = new pg.Client({ connectionString: db.ownerUrl });
  await client.connect();
  const start = new Date().toISOString();
  try {
    // The newest of them have their features, as those that are asked for.
    const features = `CASE WHEN n < 100000 THEN (SELECT array_agg((n + f)::real) FROM generate_series(1, ${WIDTH}) AS f) END`;
    for (let from = ROWS; from > 0; from -= 500_000) {
      await client.query(
        `INSERT INTO prediction (id, model, version, at, failed, latency_ms, predicted, score, features)
           SELECT lpad(to_hex(1e12::bigint + ${ROWS} - n), 32, '0')::uuid, 'm', '1.0.0', '${start}'::timestamptz - n * interval '${1 / A_SECOND} s',
                  n % 100 = 0, CASE WHEN n % 100 <> 0 THEN 10 + n % 97 END, CASE WHEN n % 100 <> 0 THEN n % 2 END, 0.5, ${features}
             FROM generate_series(${from - 1}, ${Math.max(0, from - 500_000)}, -1) AS n`,
      );
    }
    await client.query(
      `INSERT INTO prediction_label (id, model, version, predicted_at, predicted, truth)
         SELECT id, model, version, at, predicted, CASE WHEN latency_ms < 20 THEN 1 - predicted ELSE predicted END FROM prediction
          WHERE predicted IS NOT NULL ORDER BY at`,
    );
    await client.query('VACUUM ANALYZE prediction');
    await client.query('VACUUM ANALYZE prediction_label');
  } finally {
    await client.end();
  }
}, 30 * MINUTE);
afterAll(() => db.close());

it.each([
  ['15 minutes, labels of a day', 15, 24 * 60],
  ['15 minutes, labels of an hour', 15, 60],
  ['an hour, labels of an hour', 60, 60],
])(`a window of ${ROWS} predictions at ${A_SECOND} a second: %s`, async (what, minutes, labelMinutes) => {
  const asked = {
    ...OF,
    windowMs: minutes * MINUTE,
    freshMs: 60 * MINUTE,
    labels: { delayMs: 60 * MINUTE, windowMs: labelMinutes * MINUTE },
    queries: FIRST_WATCH.prometheus,
  };
  const source = predictionLog(db.worker);
  const { service, labels } = await source.read(asked, signal);
  expect([service.known, labels.known]).toEqual([true, true]);
  say(
    `${what}: ${service.known ? service.value.requests : 0} predictions`,
    `${(await medianMs(5, () => source.read(asked, signal))).toFixed(0)} ms`,
  );
});

it('the features of the newest 2,000', async () => {
  const asked = {
    ...OF,
    windowMs: 15 * MINUTE,
    freshMs: 60 * MINUTE,
    labels: { delayMs: 0, windowMs: MINUTE },
    queries: FIRST_WATCH.prometheus,
  };
  const source = predictionLog(db.worker);
  const read = () => source.features(asked, { names: NAMES, maxRows: 2_000 }, signal);
  expect(await read()).toMatchObject({ known: true });
  say(`${WIDTH} features of 2,000 predictions`, `${(await medianMs(5, read)).toFixed(0)} ms`);
});

it('both windows are ranges of an index alone', async () => {
  const range = (time: string) =>
    `WHERE model = 'm' AND version = '1.0.0' AND ${time} > (SELECT clock_timestamp() - interval '15 minutes') AND ${time} <= (SELECT clock_timestamp())`;
  for (const [what, index] of [
    [
      `count(*) FILTER (WHERE failed), percentile_disc(0.95) WITHIN GROUP (ORDER BY latency_ms) FROM prediction ${range('at')}`,
      'prediction_window',
    ],
    [`count(*) FILTER (WHERE truth = predicted) FROM prediction_label ${range('predicted_at')}`, 'prediction_label_window'],
  ] as const) {
    const { rows } = await db.worker.query<{ 'QUERY PLAN': string }>(`EXPLAIN SELECT ${what}`);
    expect(rows.map((row) => row['QUERY PLAN']).join('\n')).toContain(`Index Only Scan using ${index}`);
  }
  const sizes = await db.worker.query<{ line: string }>(
    `SELECT relname || ' ' || pg_size_pretty(pg_relation_size(oid)) AS line FROM pg_class WHERE relname LIKE 'prediction%' ORDER BY relname`,
  );
  say('sizes', sizes.rows.map(({ line }) => line).join(', '));
});
