import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type pg from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { predictionId } from '../../dev/serving/prediction-id.js';
import { makePredictionLog } from '../../dev/serving/prediction-log.js';
import type { ServingBundle } from '../../domain/serving-bundle.js';
import { databaseNow } from '../../platform/audit.js';
import type { Db } from '../../platform/pool.js';
import { holdSpool } from '../../platform/serving/hold-spool.js';
import { HOLDOUT, makeEndpoint, type TestEndpoint } from '../support/endpoint.js';
import { PEOPLE } from '../support/promotion.js';
import { bundleOf, promoted } from '../support/served.js';
import { servingPool } from '../support/serving-log.js';
import { EXAMPLE, eventually, MODEL } from '../support/stack.js';
import { makeWorld, type World } from '../support/world.js';

const PREDICT = `/models/${MODEL}/predict`;
const LABELS = `/models/${MODEL}/labels`;
const figures = JSON.parse(readFileSync(join(EXAMPLE, 'figures.json'), 'utf8')) as {
  versions: Record<string, { confusion: [[number, number], [number, number]] }>;
};
const row = HOLDOUT[0]?.features ?? {};

let world: World;
let pool: pg.Pool;
let endpoint: TestEndpoint;
let [older, newer]: (ServingBundle | undefined)[] = [];
beforeAll(async () => {
  world = await makeWorld();
  await promoted(world, '1.2.0');
  older = await bundleOf(world, '1.2.0');
  await promoted(world, '1.4.0');
  newer = await bundleOf(world, '1.4.0');
  pool = servingPool(world.db);
  endpoint = await makeEndpoint(world, pool);
  endpoint.bundles.set('1.2.0', older).set('1.4.0', newer);
}, 120_000);
afterAll(async () => {
  await endpoint.close();
  await pool.end();
  await world.close();
});

const written = () => eventually(() => Promise.resolve(endpoint.log.counts().waiting === 0));
const predict = async () => (await endpoint.post(PREDICT, { features: row })).json;
const fault = (fields: object) => endpoint.post('/faults', { model: MODEL, ...fields });
/** The value of one series, or undefined. */
async function metric(name: string, ...labels: string[]): Promise<number | undefined> {
  const lines = (await endpoint.get('/metrics')).split('\n');
  const line = lines.find((one) => one.startsWith(`${name}{`) && labels.every((label) => one.includes(label)));
  return line === undefined ? undefined : Number(line.split(' ').at(-1));
}

describe('the demo serving endpoint', () => {
  it('answers nothing before something points to a version', async () => {
    expect(await endpoint.post(PREDICT, { features: row })).toMatchObject({
      status: 404,
      json: { error: `nothing points to ${MODEL}` },
    });
    expect(await endpoint.health()).toMatchObject({ ok: true, models: [] });
  });

  it("predicts what the model does: the hold-out set's confusion, in answers, metrics and log", async () => {
    await endpoint.point('1.2.0');
    expect(await metric('model_predictions_total', 'version="1.2.0"')).toBe(0);
    for (const { features, truth } of HOLDOUT) {
      const { status, json } = await endpoint.post(PREDICT, { features });
      expect([status, json['version'], json['model']]).toEqual([200, '1.2.0', MODEL]);
      expect((await endpoint.post(LABELS, { id: json['id'], label: truth })).status).toBe(204);
    }
    const { confusion } = figures.versions['1.2.0'] ?? { confusion: [] };
    for (const truth of [0, 1])
      for (const predicted of [0, 1])
        expect(await metric('model_labelled_predictions_total', `truth="${truth}"`, `predicted="${predicted}"`)).toBe(
          confusion[truth]?.[predicted],
        );
    expect(await metric('model_predictions_total', 'version="1.2.0"')).toBe(100);
    expect(await metric('model_feature_value_bucket', 'version="1.2.0"', 'feature="age"', 'le="+Inf"')).toBe(100);
    expect((await endpoint.get('/metrics')).match(/^model_feature_value_bucket\{.*feature="tau"/gm)).toHaveLength(10);
    expect(await metric('model_prediction_duration_seconds_count', 'version="1.2.0"')).toBe(100);
    await written();
    const { rows: labels } = await world.db.reader.query<{ truth: number; predicted: number; n: number }>(
      'SELECT truth, predicted, count(*)::int AS n FROM prediction_label GROUP BY 1, 2',
    );
    for (const { truth, predicted, n } of labels) expect(n).toBe(confusion[truth]?.[predicted]);
    const { rows } = await world.db.reader.query(
      `SELECT count(*)::int AS n, min(array_length(features, 1)) AS width, min(latency_ms) > 0 AS took, bool_or(failed) AS failed
         FROM prediction WHERE model = $1 AND version = '1.2.0'`,
      [MODEL],
    );
    expect(rows).toEqual([{ n: 100, width: 131, took: true, failed: false }]);
    expect(endpoint.log.counts()).toEqual({ waiting: 0, written: 200, dropped: 0 });
  });

  it('takes the features by name or in the order of the model, to the same answer', async () => {
    const inOrder = await endpoint.post(PREDICT, { features: Object.values(row) });
    expect(inOrder.json['score']).toBe((await predict())['score']);
  });

  it.each<[string, unknown, number, RegExp]>([
    ['a feature too few', { features: Object.fromEntries(Object.entries(row).slice(1)) }, 400, /ACE_CD143\S* missing$/],
    ['a feature too many', { features: { ...row, pulse: 1 } }, 400, /the model has no "pulse"$/],
    ['a text for a number', { features: { ...row, age: '70' } }, 400, /age must be a finite number$/],
    ['a number that 32 bits do not hold', { features: { ...row, age: 1e39 } }, 400, /age must be a finite number$/],
    ['a null', { features: { ...row, age: null } }, 400, /age must be a finite number$/],
    ['a short list', { features: [1, 2] }, 400, /2 given, the model takes 131$/],
    ['a number for features', { features: 1 }, 400, /an object of numbers/],
    ['another field', { features: row, more: 1 }, 400, /more/],
    ['no JSON', '{', 400, /^the body is not JSON$/],
    ['a million bytes', `"${'x'.repeat(1_000_000)}"`, 413, /larger than 1000000 bytes$/],
  ])('refuses %s in one line', async (_what, body, status, error) => {
    const before = await metric('model_predictions_total', 'version="1.2.0"');
    const refused = await endpoint.post(PREDICT, body);
    expect([refused.status, refused.json['error']]).toEqual([status, expect.stringMatching(error)]);
    expect(refused.json['error']).not.toContain('\n');
    expect(await metric('model_predictions_total', 'version="1.2.0"')).toBe(before);
  });

  it('takes JSON alone, and from this machine alone', async () => {
    expect((await endpoint.post(PREDICT, { features: row }, { 'content-type': 'text/plain' })).status).toBe(415);
    const elsewhere = { 'content-type': 'application/json', host: 'rebound.example:8088' };
    expect((await endpoint.post('/faults', { model: MODEL, fault: 'failing' }, elsewhere)).status).toBe(403);
    expect(JSON.parse(await endpoint.get('/faults'))).toEqual({ faults: [] });
  });

  it('counts a label once, and refuses another one and one that is no label', async () => {
    const { id } = await predict();
    const [right, wrong] = [
      { id, label: 0 },
      { id, label: 1 },
    ];
    const labelled = async () =>
      (await endpoint.get('/metrics')).match(/model_labelled_predictions_total\{.*truth="0".*/g)?.join();
    await endpoint.post(LABELS, right);
    const before = await labelled();
    expect((await endpoint.post(LABELS, right)).status).toBe(204);
    expect((await endpoint.post(LABELS, wrong)).status).toBe(409);
    expect((await endpoint.post(LABELS, { id, label: 2 })).status).toBe(400);
    expect((await endpoint.post(LABELS, { id: 'x', label: 1 })).status).toBe(400);
    expect((await endpoint.post('/models/other/labels', right)).status).toBe(404);
    expect(await labelled()).toBe(before);
  });
});

describe('a fault', () => {
  it('is the version that serves, and is visible where the watch looks', async () => {
    const right = await predict();
    await fault({ fault: 'inaccurate' });
    expect(await predict()).toMatchObject({ label: 1 - Number(right['label']), score: 1 - Number(right['score']) });
    await fault({ fault: 'none' });

    await fault({ fault: 'failing' });
    expect((await endpoint.post(PREDICT, { features: row })).status).toBe(500);
    expect(await metric('model_prediction_errors_total', 'version="1.2.0"')).toBe(1);
    await fault({ fault: 'none' });

    await fault({ fault: 'slow', ms: 60 });
    await predict();
    await fault({ fault: 'none' });

    await fault({ fault: 'drifting', by: 0.5 });
    expect((await predict())['score']).not.toBe(right['score']);
    await fault({ fault: 'none' });

    expect(await predict()).toMatchObject({ label: right['label'], score: right['score'] });
    await written();
    const { rows } = await world.db.reader.query<Logged>(
      'SELECT failed, latency_ms, predicted, features[1] AS first FROM prediction ORDER BY id DESC LIMIT 6',
    );
    const [after, drifting, slow, failing, inaccurate, before] = rows;
    expect(rows.map(({ failed }) => failed)).toEqual([false, false, false, true, false, false]);
    expect(failing).toMatchObject({ latency_ms: null, predicted: null });
    expect(slow?.latency_ms).toBeGreaterThanOrEqual(59);
    expect(inaccurate?.predicted).toBe(1 - (before?.predicted ?? 0));
    expect(drifting?.first).toBeCloseTo((after?.first ?? 0) + 0.5 * Math.abs(after?.first ?? 0), 4);
  });

  it('stays with its version when another one serves', async () => {
    await fault({ fault: 'failing' });
    await endpoint.point('1.4.0');
    expect(await predict()).toMatchObject({ version: '1.4.0' });
    await endpoint.point('1.2.0');
    expect((await endpoint.post(PREDICT, { features: row })).status).toBe(500);
    expect(await fault({ fault: 'none', version: '1.2.0' })).toEqual({ status: 200, json: { faults: [] } });
    expect((await fault({ fault: 'angry' })).status).toBe(400);
    expect((await endpoint.post('/faults', { model: 'other', fault: 'slow' })).status).toBe(404);
  });
});

interface Logged {
  readonly failed: boolean;
  readonly latency_ms: number | null;
  readonly predicted: number | null;
  readonly first: number;
}

describe('what does not verify', () => {
  const serves = async (version: string, problem: RegExp) => {
    const { ok, models } = await endpoint.health();
    expect([ok, models[0]?.version, models[0]?.problem]).toEqual([false, version, expect.stringMatching(problem)]);
    expect((await predict())['version']).toBe(version);
  };

  it.each<[string, () => unknown, RegExp]>([
    [
      'a bundle with an approval less',
      () => ({ ...newer, decisions: newer?.decisions.slice(1) }),
      /not verified: .*data-science/,
    ],
    ['the bundle of another version', () => older, /1\.4\.0 was asked for, 1\.2\.0 answered/],
    ['no bundle', () => undefined, /not verified: /],
    ['a text', () => 'loaded, trust me', /not verified: /],
  ])('is not loaded, and the version before serves on: %s', async (_what, given, problem) => {
    await endpoint.point('1.2.0');
    endpoint.bundles.set('1.4.0', given());
    await endpoint.point('1.4.0');
    await serves('1.2.0', problem);
    endpoint.bundles.set('1.4.0', newer);
    await endpoint.point('1.4.0');
    expect(await endpoint.health()).toMatchObject({ ok: true, models: [{ version: '1.4.0', problem: null }] });
  });

  it('includes a file in the store that is another one', async () => {
    await endpoint.point('1.2.0');
    const file = newer?.manifest.files.find(({ path }) => path === 'model.onnx');
    const path = world.deps.store.pathOf(file?.sha256 ?? '');
    const bytes = readFileSync(path);
    writeFileSync(
      path,
      bytes.map((byte, i) => (i === bytes.length - 1 ? byte ^ 1 : byte)),
    );
    await endpoint.point('1.4.0');
    await serves('1.2.0', /not verified: .*model\.onnx.* is not the file of the manifest$/);
    writeFileSync(path, bytes);
  });

  it('is asked for again after a pause, not at every look', async () => {
    await endpoint.point('1.2.0');
    endpoint.bundles.delete('1.4.0');
    await endpoint.point('1.4.0');
    const asked = endpoint.asked.length;
    for (let i = 0; i < 5; i += 1) await endpoint.served.look();
    expect(endpoint.asked).toHaveLength(asked);
    endpoint.bundles.set('1.4.0', newer);
  });

  it('is a pointer that is no pointer, which changes nothing', async () => {
    await endpoint.point('1.2.0');
    for (const text of ['{', '[]', '{"version":1,"change":"x"}', 'null']) {
      writeFileSync(join(endpoint.serving, `${MODEL}.json`), text);
      await endpoint.served.look();
      expect((await predict())['version']).toBe('1.2.0');
    }
    await endpoint.point(null);
    expect((await endpoint.post(PREDICT, { features: row })).status).toBe(503);
    await endpoint.point('1.2.0');
  });
});

describe('the log', () => {
  const made = () => ({ id: predictionId(Date.now()), model: MODEL, version: '9.9.9', features: Float32Array.of(0.1) });
  const right = { failed: false, latencyMs: 1, predicted: 1, score: 0.5 };
  const ids = async () =>
    (await world.db.reader.query<{ id: string }>(`SELECT id FROM prediction WHERE version = '9.9.9' ORDER BY id`)).rows.map(
      ({ id }) => id,
    );

  it('keeps the newest while the database is away, says so once, and writes them when it is back', async () => {
    let isAway = true;
    const query = (...asked: [string, unknown[]]) =>
      isAway ? Promise.reject(Object.assign(new Error('away'), { code: 'ECONNREFUSED' })) : pool.query(...asked);
    const said: boolean[] = [];
    const log = makePredictionLog({ query } as Db, { everyMs: 1, most: 3, onChange: (works) => said.push(works) });
    const all = Array.from({ length: 5 }, made);
    for (const each of all) log.prediction({ ...each, ...right });
    await eventually(() => Promise.resolve(said.length > 0));
    expect(log.counts()).toEqual({ waiting: 3, written: 0, dropped: 2 });
    isAway = false;
    await eventually(() => Promise.resolve(log.counts().waiting === 0));
    expect(log.counts()).toEqual({ waiting: 0, written: 3, dropped: 2 });
    expect(said).toEqual([false, true]);
    expect(await ids()).toEqual(
      all
        .slice(2)
        .map(({ id }) => id)
        .sort(),
    );
    await log.close();
  });

  it('drops what the record refuses, and nothing else', async () => {
    const log = makePredictionLog(pool, { everyMs: 60_000 });
    const [good, failed] = [made(), made()];
    log.prediction({ ...good, ...right });
    log.prediction({ ...failed, failed: true, latencyMs: null, predicted: null, score: null });
    for (const id of [failed.id, made().id, good.id]) log.label({ id, truth: 1 });
    // Ending it writes what waits.
    await log.close();
    expect(log.counts()).toEqual({ waiting: 0, written: 3, dropped: 2 });
    const { rows } = await world.db.reader.query('SELECT predicted, truth FROM prediction_label WHERE id = $1', [good.id]);
    expect(rows).toEqual([{ predicted: 1, truth: 1 }]);
  });
});

describe('a hold', () => {
  it('is obeyed at the next request, and so is its lift; nothing is asked for meanwhile', async () => {
    const put = async (hold: 'on' | 'off') => {
      const now = Date.parse(await databaseNow(world.db.reader));
      const change = { expires: new Date(now + 3_600_000).toISOString() };
      const fields = { model: MODEL, hold, reason: 'it misses too many patients' };
      await holdSpool(endpoint.serving).put(MODEL, await world.sign('hold', PEOPLE.devops, fields, change));
    };
    await put('on');
    const held = await endpoint.post(PREDICT, { features: row });
    expect([held.status, held.json['error']]).toEqual([503, expect.stringMatching(/is held by olga\.devops.*: it misses/)]);
    expect(await endpoint.health()).toMatchObject({ ok: false, models: [{ heldBy: PEOPLE.devops }] });
    const asked = endpoint.asked.length;
    await endpoint.point('1.4.0');
    expect(endpoint.asked).toHaveLength(asked);
    await put('off');
    await endpoint.served.look();
    await endpoint.served.slot(MODEL, 'production')?.settled();
    expect((await predict())['version']).toBe('1.4.0');
  });
});
