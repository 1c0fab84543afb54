import type pg from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { predictionLog } from '../../activities/metrics/prediction-log.js';
import { metricsSources } from '../../activities/metrics/sources.js';
import { openPool } from '../../platform/pool.js';
import { copyDatabase, type TestDatabase } from '../support/database.js';
import { logPredictions, prediction } from '../support/predictions.js';
import { putVersions, servingPool } from '../support/serving-log.js';
import { FEATURES, keepsContract, windowOf } from './source-contract.js';

keepsContract('the prediction log', async () => {
  const db = await copyDatabase();
  const serving = servingPool(db);
  await putVersions(db, 'contract', ['1.0.0', '2.0.0', '9.9.9'], FEATURES);
  return {
    source: predictionLog(db.worker),
    model: 'contract',
    predicted: async (of, predictions) => void (await logPredictions(serving, of, predictions)),
    async close() {
      await serving.end();
      await db.close();
    },
  };
});

describe('the prediction log', () => {
  const of = { model: 'm', version: '1.0.0' };
  const signal = new AbortController().signal;
  let db: TestDatabase;
  let serving: pg.Pool;
  beforeAll(async () => {
    db = await copyDatabase();
    serving = servingPool(db);
    await putVersions(db, 'm', ['1.0.0', '2.0.0'], FEATURES);
  });
  afterAll(async () => {
    await serving.end();
    await db.close();
  });
  /** Predictions as of some time ago; only the owner can write such. */
  const ago = async (ms: number, version: string, values: string) => {
    await db.owner.query(
      `INSERT INTO prediction (id, model, version, at, failed, latency_ms, predicted, features)
         VALUES (gen_random_uuid(), 'm', '${version}', clock_timestamp() - ${ms} * interval '1 millisecond', ${values})`,
    );
  };

  it('a window has what is inside of it, by the real clock, whatever the clock of the record says', async () => {
    const copy = await copyDatabase();
    try {
      await copy.owner.query(`UPDATE installation SET clock_offset = '30 days'`);
      await copy.owner.query(
        `INSERT INTO prediction (id, model, version, at, failed, latency_ms, predicted)
           SELECT gen_random_uuid(), 'm', '1.0.0', clock_timestamp() - s * interval '1 second', false, s, 1
             FROM generate_series(1, 200) AS s`,
      );
      const { service } = await predictionLog(copy.worker).read(windowOf(of, { windowMs: 100_500 }), signal);
      expect(service).toEqual({ known: true, value: { requests: 100, errors: 0, latency: { p50: 50, p95: 95, p99: 99 } } });
      const { service: none } = await predictionLog(copy.worker).read(windowOf({ ...of, version: '3.0.0' }), signal);
      expect(none).toEqual({ known: true, value: { requests: 0, errors: 0, latency: null } });
    } finally {
      await copy.close();
    }
  });

  it('labels are those of predictions whose window ended the delay ago', async () => {
    await ago(3_600_000, '2.0.0', 'false, 1, 1, null');
    await ago(60_000, '2.0.0', 'false, 1, 1, null');
    await db.owner.query(`SELECT label_prediction(id, 1::smallint) FROM prediction WHERE version = '2.0.0'`);
    const labels = async (delayMs: number, windowMs: number) => {
      const { labels: reading } = await predictionLog(db.worker).read(
        windowOf({ ...of, version: '2.0.0' }, { labels: { delayMs, windowMs } }),
        signal,
      );
      return reading.known && reading.value.truePositives;
    };
    expect([
      await labels(0, 7_200_000),
      await labels(0, 1_800_000),
      await labels(1_800_000, 3_600_000),
      await labels(5e6, 6e6),
    ]).toEqual([2, 1, 1, 0]);
  });

  it('features are the newest rows as the model had them, with NaN for what was missing', async () => {
    await logPredictions(serving, of, [prediction({ features: [0.5, 9] })]);
    await ago(5_000, '1.0.0', `false, 1, 1, '{0.25,8}'`);
    await ago(0, '1.0.0', `true, null, null, '{0.1,NULL}'`);
    const read = (maxRows: number) => predictionLog(db.worker).features(windowOf(of), { names: ['tau', 'age'], maxRows }, signal);
    expect(await read(2)).toEqual({
      known: true,
      value: {
        tau: { kind: 'values', values: Float64Array.of(Number.NaN, 9) },
        age: { kind: 'values', values: Float64Array.of(Math.fround(0.1), 0.5) },
      },
    });
    await ago(0, '1.0.0', `false, 1, 1, '{0.1,2,3}'`);
    expect(await read(10)).toMatchObject({
      known: false,
      cause: 'invalid sample',
      why: expect.stringContaining('1 of 4') as string,
    });
    await logPredictions(serving, { model: 'nobody', version: '1.0.0' }, [prediction({ features: [1] })]);
    const unregistered = predictionLog(db.worker).features(
      windowOf({ ...of, model: 'nobody' }),
      { names: ['age'], maxRows: 1 },
      signal,
    );
    expect(await unregistered).toMatchObject({ known: false, cause: 'not measured' });
  });

  it.each([
    ['that is not there', () => 'postgres://nobody:secret-word@127.0.0.1:1/x'],
    ['that lets this login not in', () => db.workerUrl.replace(/:[^:@]+@/, ':secret-word@')],
    ['that has no such table', () => db.workerUrl.replace(/[^/]+$/, 'postgres')],
  ])('a database %s is an answer, which shows nothing of it', async (_, url) => {
    const pool = openPool(url(), 'test');
    try {
      const { service, labels } = await predictionLog(pool).read(windowOf(of), signal);
      expect(service).toMatchObject({
        known: false,
        cause: 'source away',
        why: expect.stringMatching(/^the prediction log does not answer/) as string,
      });
      expect(labels).toEqual(service);
      expect(JSON.stringify(service)).not.toContain('secret-word');
    } finally {
      await pool.end();
    }
  });

  it('labels that take too long leave what fails known', async () => {
    const blocker = await db.owner.connect();
    try {
      await blocker.query('BEGIN; LOCK TABLE prediction_label IN ACCESS EXCLUSIVE MODE');
      const { service, labels } = await predictionLog(db.worker).read(windowOf(of), signal);
      expect(service.known).toBe(true);
      expect(labels).toEqual({ known: false, cause: 'source away', why: 'the prediction log does not answer (error 57014)' });
    } finally {
      await blocker.query('ROLLBACK');
      blocker.release();
    }
  });

  it('a statement that hangs ends when the reading is cancelled, and the pool goes on', async () => {
    const blocker = await db.owner.connect();
    try {
      await blocker.query('BEGIN; LOCK TABLE prediction IN ACCESS EXCLUSIVE MODE');
      const cancel = new AbortController();
      const reading = predictionLog(db.worker).read(windowOf(of), cancel.signal);
      setTimeout(() => cancel.abort(new Error('cancelled')), 100);
      await expect(reading).rejects.toThrow('cancelled');
    } finally {
      await blocker.query('ROLLBACK');
      blocker.release();
    }
    expect((await predictionLog(db.worker).read(windowOf(of), signal)).service.known).toBe(true);
  });
});

describe('the sources that policies name', () => {
  it.each([
    ['prometheus', /GATEHOUSE_PROMETHEUS_URL is not set/],
    ['graphite', /does not know/],
  ])('%s, which is not there, is away in every reading', async (named, why) => {
    const source = metricsSources({} as pg.Pool)(named);
    const away = { known: false, cause: 'source away', why: expect.stringMatching(why) as string };
    const asked = windowOf({ model: 'm', version: '1.0.0' });
    const { signal } = new AbortController();
    expect(await source.read(asked, signal)).toEqual({ service: away, labels: away });
    expect(await source.features(asked, { names: [], maxRows: 1 }, signal)).toEqual(away);
  });
});
