import { randomUUID } from 'node:crypto';
import type pg from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { copyDatabase, type TestDatabase } from '../support/database.js';
import { servingPool } from '../support/serving-log.js';

const REFUSED = { code: '42501' };

let db: TestDatabase;
let serving: pg.Pool;
beforeAll(async () => {
  db = await copyDatabase();
  serving = servingPool(db);
});
afterAll(async () => {
  await serving.end();
  await db.close();
});

async function predict(values = `false, 12.5, 1, 0.7, '{1,2}'`): Promise<string> {
  const id = randomUUID();
  await serving.query(
    `INSERT INTO prediction (id, model, version, failed, latency_ms, predicted, score, features) VALUES ('${id}', 'm', '1.0.0', ${values})`,
  );
  return id;
}

describe("a serving system's login", () => {
  it('adds to the log, at a time that the database says', async () => {
    const id = await predict();
    const { rows } = await db.reader.query(
      `SELECT *, clock_timestamp() - at < interval '1 minute' AS is_now FROM prediction WHERE id = $1`,
      [id],
    );
    expect(rows[0]).toMatchObject({ model: 'm', latency_ms: 12.5, predicted: 1, features: [1, 2], is_now: true });
    expect(
      (
        await serving.query(
          `INSERT INTO prediction (id, model, version, failed) VALUES ('${id}', 'm', '1.0.0', true) ON CONFLICT DO NOTHING`,
        )
      ).rowCount,
    ).toBe(0);
  });

  it.each([
    'SELECT * FROM prediction',
    'SELECT * FROM prediction_label',
    'SELECT * FROM person',
    'DELETE FROM prediction',
    'UPDATE prediction SET failed = true',
    `INSERT INTO prediction (id, model, version, failed, at) VALUES (gen_random_uuid(), 'm', '1.0.0', true, now())`,
    `INSERT INTO prediction_label (id, model, version, predicted_at, predicted, truth) VALUES (gen_random_uuid(), 'm', '1', now(), 1, 1)`,
    `INSERT INTO training_distribution (dataset_digest, feature_hash, distribution) VALUES ('', '', '')`,
    `SELECT append_audit('{}')`,
  ])('cannot: %s', async (statement) => {
    await expect(serving.query(statement)).rejects.toMatchObject(REFUSED);
  });

  it.each([
    ['a latency that is no number', `false, 'NaN', 1, 0.7, '{1}'`],
    ['a latency beyond an hour', `false, 3600001, 1, 0.7, '{1}'`],
    ['an answer without a class', `false, 1, null, 0.7, '{1}'`],
    ['another class', `false, 1, 2, 0.7, '{1}'`],
    ['a score beyond 1', `false, 1, 1, 1.01, '{1}'`],
    ['features that do not begin at 1', `false, 1, 1, 0.7, '[0:1]={1,2}'`],
  ])('cannot write %s', async (_, values) => {
    await expect(predict(values)).rejects.toMatchObject({ code: '23514' });
  });

  it('labels a prediction once: the same label is nothing new, another one is refused', async () => {
    const id = await predict();
    const label = (truth: number, of = id) => serving.query('SELECT label_prediction($1, $2::smallint)', [of, truth]);
    await Promise.all([label(0), label(0)]);
    await label(0);
    await expect(label(1)).rejects.toMatchObject({ code: 'GH001' });
    await expect(label(1, randomUUID())).rejects.toMatchObject({ code: 'GH002' });
    await expect(label(1, await predict(`true, null, null, null, null`))).rejects.toMatchObject({ code: 'GH002' });
    const { rows } = await db.reader.query(
      'SELECT l.predicted, l.truth, l.predicted_at = p.at AS same FROM prediction_label l JOIN prediction p USING (id, model, version)',
    );
    expect(rows).toEqual([{ predicted: 1, truth: 0, same: true }]);
  });
});

it('nobody changes what was predicted, and only the owner deletes what is old', async () => {
  const id = await predict();
  await expect(db.owner.query('UPDATE prediction SET failed = true')).rejects.toMatchObject({ code: 'GH002' });
  await expect(db.owner.query('TRUNCATE prediction')).rejects.toMatchObject({ code: 'GH002' });
  await expect(db.worker.query('DELETE FROM prediction')).rejects.toMatchObject(REFUSED);
  expect((await db.owner.query(`DELETE FROM prediction WHERE id = '${id}' AND at < clock_timestamp()`)).rowCount).toBe(1);
});
