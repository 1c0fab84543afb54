import { ApplicationFailure } from '@temporalio/common';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createActivities, type Activities } from '../../activities/index.js';
import type { WindowAsked } from '../../activities/ports.js';
import type { Watched } from '../../activities/watch/poll-watch.js';
import { known, unknown, type LiveReading } from '../../domain/live.js';
import { verifyTrail } from '../../platform/read/audit-verify.js';
import { versionsInService } from '../../platform/read/live.js';
import { verifyServingBundle } from '../../platform/serving/verify-bundle.js';
import { advanceClock } from '../../platform/clock.js';
import { readStatusAt } from '../../platform/read/status-at.js';
import { readStatus } from '../../platform/read/status.js';
import { readTrust } from '../../platform/read/trust.js';
import { PEOPLE } from '../support/promotion.js';
import { bundleOf, promoted } from '../support/served.js';
import { inActivity } from '../support/staged.js';
import { MODEL } from '../support/stack.js';
import { makeWorld, type World } from '../support/world.js';

const well: LiveReading = {
  service: known({ requests: 1_000, errors: 0, latency: { p50: 1, p95: 2, p99: 3 } }),
  labels: unknown('no data', 'no label has arrived'),
};
const failing = (errors: number): LiveReading => {
  return { ...well, service: known({ requests: 1_000, errors, latency: { p50: 1, p95: 2, p99: 3 } }) };
};

let world: World;
let activities: Activities;
let says: LiveReading = well;
let asked: WindowAsked | undefined;
beforeAll(async () => {
  world = await makeWorld();
  const source = {
    name: 'prediction-log',
    read: (window: WindowAsked) => {
      asked = window;
      return Promise.resolve(says);
    },
    features: () => Promise.resolve(unknown('no data', 'no features')),
  };
  activities = createActivities({ ...world.deps, sources: () => source });
  await promoted(world, '1.2.0');
  await promoted(world, '1.4.0');
});
afterAll(() => world.close());

async function serving() {
  const [watched] = await versionsInService(world.db.reader, { model: MODEL });
  if (!watched) throw new Error('nothing is in production');
  return watched;
}

/** One look at what is in production, however soon after the last one; undefined where its run would be left alone. */
async function look(reading: LiveReading): Promise<Watched | undefined> {
  says = reading;
  const { changeKey } = await serving();
  await world.db.owner.query('ALTER TABLE performance_window DISABLE TRIGGER append_only');
  await world.db.owner.query(`UPDATE performance_window SET seen_at = seen_at - interval '50 seconds' WHERE change_key = $1`, [
    changeKey,
  ]);
  await world.db.owner.query('ALTER TABLE performance_window ENABLE TRIGGER append_only');
  try {
    return await inActivity(activities.pollWatch, { changeKey });
  } catch (error) {
    if (error instanceof ApplicationFailure && error.type === 'NextLook') return undefined;
    throw error;
  }
}

async function notices(like: string) {
  const { rows } = await world.db.reader.query<{ key: string; title: string }>(
    'SELECT key, title FROM notice WHERE key LIKE $1 ORDER BY at, key',
    [like],
  );
  return rows;
}

describe('the watch of what is in production', () => {
  it('records a window for each look and says nothing while all is well', async () => {
    expect(await look(well)).toBeUndefined();
    const { rows } = await world.db.reader.query('SELECT verdict, severity FROM performance_window WHERE change_key IS NOT NULL');
    expect(rows).toEqual([{ verdict: 'healthy', severity: 'none' }]);
    expect(await notices('incident/%')).toEqual([]);
  });

  it('opens one incident, says so once, and closes it after two good windows: "one message per change, not per window"', async () => {
    expect(await look(failing(21))).toMatchObject({ kind: 'changed', severity: 'critical' });
    const [then] = (await readStatus(world.db.reader, {})).models;
    expect(then).toMatchObject({
      watch: { health: 'critical', severity: 'critical' },
      incidents: [{ version: '1.4.0', condition: 'error-rate', severity: 'critical' }],
    });
    const past = { instant: Date.parse((await readStatus(world.db.reader, {})).asOf) };
    const told = await readStatusAt(world.db.reader, {}, past);
    expect('models' in told && told.models[0]?.incidents.map(({ id, severity }) => [id, severity])).toEqual(
      then?.incidents.map(({ id, severity }) => [id, severity]),
    );
    expect(await look(failing(22))).toBeUndefined();
    expect(await look(well)).toBeUndefined();
    expect(await look(failing(20))).toMatchObject({ kind: 'changed', severity: 'none' });
    expect((await readStatus(world.db.reader, { model: MODEL })).models[0]).toMatchObject({
      watch: {
        version: '1.4.0',
        health: 'healthy',
        severity: 'none',
        source: 'prediction-log',
        figures: { error_rate: '0.02' },
        silent: false,
      },
      incidents: [],
    });
    const incident = `incident/promotion/${MODEL}/1.4.0/1/error-rate/1`;
    expect((await notices('incident/%')).map(({ key }) => key)).toEqual([`${incident}/opened/critical`, `${incident}/closed`]);
  });

  it('says nothing, and nothing good, of figures that are not known', async () => {
    expect(await look(failing(21))).toMatchObject({ severity: 'critical' });
    const none: LiveReading = { service: unknown('stale', 'nothing newer than ten minutes'), labels: unknown('stale', '') };
    for (let window = 0; window < 3; window++) expect(await look(none)).toBeUndefined();
    expect((await serving()).version).toBe('1.4.0');
    const { rows } = await world.db.reader.query('SELECT verdict, reason FROM performance_window ORDER BY id DESC LIMIT 1');
    expect(rows).toEqual([{ verdict: 'unknown', reason: 'stale: nothing newer than ten minutes' }]);
  });
});

describe('rules §5, automatic rollback', () => {
  const lastChange = async () => {
    const { rows } = await world.db.reader.query<{ key: string; kind: string; from_version: string; to_version: string }>(
      'SELECT key, kind, from_version, to_version FROM production_change ORDER BY seq DESC LIMIT 1',
    );
    return rows[0];
  };

  it('changes nothing by a result, a run or a call that the record does not bear out', async () => {
    const { changeSeq, changeKey } = await serving();
    const { rows } = await world.db.reader.query<{ id: number }>('SELECT id FROM performance_window ORDER BY id DESC LIMIT 1');
    const call = (windows: readonly number[], to = '1.2.0', key = `automatic/${changeSeq}`) =>
      world.db.worker.query('SELECT change_production_automatic($1, $2, $3, $4, $5, $6, $7, 1, $8)', [
        key,
        MODEL,
        '1.4.0',
        to,
        windows,
        'because',
        '{}',
        '{}',
      ]);
    await expect(call([rows[0]?.id ?? 0])).rejects.toThrow(/no recent windows that breach/);
    await expect(call([1])).rejects.toThrow(/not the newest windows/);
    await expect(call([])).rejects.toThrow(/not the newest windows/);
    await expect(call([rows[0]?.id ?? 0], '1.2.0', 'automatic/1')).rejects.toThrow(/production is/);
    await activities.followUp({ changeKey, step: 'service-health' });
    expect((await serving()).version).toBe('1.4.0');
  });

  it('takes no window from the future, and none whose figures do not bear out what it says', async () => {
    const { changeSeq, changeKey } = await serving();
    const written = (figures: object, to = 'gatehouse_now()') =>
      world.db.worker.query<{ id: number }>(
        `INSERT INTO performance_window (change_key, from_at, to_at, verdict, severity, reason, figures, seen_at)
         VALUES ($1, now(), ${to}, 'critical', 'rollback', '', $2, now() + interval '30 days') RETURNING id`,
        [changeKey, JSON.stringify(figures)],
      );
    await expect(written({}, `gatehouse_now() + interval '1 minute'`)).rejects.toThrow(/ends when it is recorded/);
    const said = { condition: 'error-rate', known: true, severity: 'rollback' };
    const healthy = { known: true, value: { requests: 1_000, errors: 50, latency: null } };
    for (const figures of [{}, { service: healthy }, { service: healthy, conditions: [said] }]) {
      const { rows } = await written(figures);
      const key = `automatic/${changeSeq}`;
      const audit = JSON.stringify({ detail: { condition: 'error-rate' } });
      const call = world.db.worker.query('SELECT change_production_automatic($1, $2, $3, $4, $5, $6, $7, 1, $8)', [
        key,
        MODEL,
        '1.4.0',
        '1.2.0',
        [rows[0]?.id],
        'because',
        '{}',
        audit,
      ]);
      await expect(call).rejects.toThrow(/no recent windows that breach/);
    }
    expect((await serving()).silentMs).toBeGreaterThanOrEqual(0);
  });

  it('a version is judged by what it did since it came into production', async () => {
    await look(well);
    const { servesMs, policy } = await serving();
    expect(asked?.windowMs).toBeLessThanOrEqual(Math.max(1_000, servesMs));
    expect(policy.watch.window).toBeGreaterThan(servesMs);
    expect(asked?.labels.windowMs).toBe(asked?.windowMs);
  });

  it('happens in the look that sees the breach, and before anybody is told', async () => {
    world.told.length = 0;
    expect(await look(failing(51))).toEqual({ kind: 'left' });
    expect(await lastChange()).toMatchObject({ kind: 'automatic', from_version: '1.4.0', to_version: '1.2.0' });
    const [first] = world.told;
    expect(first).toMatch(/^follow automatic\//);
    expect(world.told.filter((each) => each.startsWith('deliver'))).toHaveLength(2);
    expect((await verifyTrail(world.db.reader)).unbacked).toEqual([]);
  });

  it('is followed by serving, the validations, the watch and the people, and closes what was open of the version that left', async () => {
    const changeKey = (await lastChange())?.key ?? '';
    const taken: string[][] = [];
    for (;;) {
      const { steps } = await activities.afterChange({ changeKey });
      if (steps.length === 0) break;
      taken.push([...steps]);
      for (const step of steps) {
        if (step === 'service-health') {
          await expect(activities.followUp({ changeKey, step })).rejects.toThrow(/no window of 1.2.0 says yet/);
          await look(well);
        }
        await activities.followUp({ changeKey, step });
      }
    }
    expect(taken).toEqual([
      ['serving'],
      ['service-health', 'prediction-quality', 'watch', 'dashboards', 'archive-previous'],
      ['stakeholders', 'incidents'],
    ]);
    const { rows } = await world.db.reader.query('SELECT step, outcome FROM follow_up WHERE change_key = $1 ORDER BY at', [
      changeKey,
    ]);
    expect(rows.filter((each) => (each as { outcome: string }).outcome !== 'done')).toEqual([
      { step: 'dashboards', outcome: 'skipped' },
    ]);
    expect(await world.deps.serving.read(MODEL)).toMatchObject({ version: '1.2.0' });
    expect((await notices('%/validated'))[0]?.title).toBe(`${MODEL}: the rollback to 1.2.0 is confirmed`);
    const { rows: open } = await world.db.reader.query(`SELECT id FROM incident GROUP BY id HAVING bool_and(change <> 'closed')`);
    expect(open).toEqual([]);
    expect((await verifyTrail(world.db.reader)).unbacked).toEqual([]);
  });

  it('"cool-down (default 1 h) in which another automatic rollback needs a person": it pages instead', async () => {
    expect(await look(failing(60))).toMatchObject({ kind: 'changed' });
    expect((await serving()).version).toBe('1.2.0');
    expect((await notices('%no-rollback%'))[0]?.key).toMatch(/no-rollback\/1\/opened\/rollback$/);
  });

  it('"With nothing to roll back to, it pages and keeps paging by policy"', async () => {
    await advanceClock(world.db.ownerUrl, 61 * 60_000);
    await look(failing(60));
    await look(failing(60));
    expect((await notices('%no-rollback/1/page/%')).map(({ key }) => key.split('/').at(-1))).toEqual(['4']);
    expect((await serving()).version).toBe('1.2.0');
    expect((await verifyTrail(world.db.reader)).unbacked).toEqual([]);
  });

  it('goes to a version again that a person has released, when that is due', async () => {
    const fields = { model: MODEL, version: '1.4.0', reason: 'it was the network, not the model' };
    expect(await world.act('release', PEOPLE.mlops, fields)).toMatchObject({ accepted: true });
    expect(await look(failing(60))).toEqual({ kind: 'left' });
    expect(await lastChange()).toMatchObject({ kind: 'automatic', from_version: '1.2.0', to_version: '1.4.0' });
    const { bundle } = { bundle: await bundleOf(world, '1.4.0') };
    expect(bundle).toMatchObject({ change: { kind: 'automatic' }, rollback: null });
    expect(await verifyServingBundle(bundle, await readTrust(world.db.reader, { model: MODEL, until: null }), {})).toMatchObject({
      ok: true,
    });
    expect((await verifyTrail(world.db.reader)).unbacked).toEqual([]);
  });
});
