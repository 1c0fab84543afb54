import { afterAll, beforeAll, expect, it } from 'vitest';
import { verifyTrail } from '../../platform/read/audit-verify.js';
import { lookOnce } from '../../workers/watchdog.js';
import { promoted } from '../support/served.js';
import { MODEL } from '../support/stack.js';
import { makeWorld, type World } from '../support/world.js';

let world: World;
const told: string[] = [];
beforeAll(async () => {
  world = await makeWorld();
  await promoted(world, '1.2.0');
});
afterAll(() => world.close());

/** One look of a watchdog that nobody else helps. */
async function look(): Promise<string[]> {
  told.length = 0;
  const deliver = (key: string) => Promise.resolve(void told.push(key));
  await lookOnce({ pool: world.db.worker, log: world.deps.log, deliver, againMs: 0 });
  return [...told];
}

/** A window that was seen a while ago; when that was, nobody but the owner of the table can say. */
async function seen(ago: string): Promise<void> {
  const owner = world.db.owner;
  await owner.query(
    `INSERT INTO performance_window (change_key, from_at, to_at, verdict, severity, reason, figures, took_ms)
       SELECT key, gatehouse_now(), gatehouse_now(), 'unknown', 'none', '', '{}', 0 FROM production_change`,
  );
  await owner.query('ALTER TABLE performance_window DISABLE TRIGGER append_only');
  await owner.query(
    `UPDATE performance_window SET seen_at = clock_timestamp() - $1::interval WHERE id = (SELECT max(id) FROM performance_window)`,
    [ago],
  );
  await owner.query('ALTER TABLE performance_window ENABLE TRIGGER append_only');
}

const incident = `incident/promotion/${MODEL}/1.2.0/1/watch/1`;

it('promises R31: a version of which nothing was seen for two and a half intervals is told of, once, until somebody is told', async () => {
  await seen('149 seconds');
  expect(await look()).toEqual([]);
  await seen('151 seconds');
  expect(await look()).toEqual([`${incident}/opened/critical`]);
  // Not opened again; but nobody has delivered it yet.
  expect(await look()).toEqual([`${incident}/opened/critical`]);
  const delivered = `INSERT INTO notice_delivery (notice_key, channel, detail, at)
    SELECT key, c, '', now() FROM notice, unnest(coalesce(channels, '{}') || '{file}') AS c WHERE key = $1`;
  await world.db.worker.query(delivered, [`${incident}/opened/critical`]);
  expect(await look()).toEqual([]);
});

it('its incident is over when it is watched again, and what is still owed of it is left to those who live', async () => {
  await seen('0 seconds');
  expect(await look()).toEqual([`${incident}/closed`]);
  expect(await look()).toEqual([]);
  expect(await verifyTrail(world.db.reader)).toMatchObject({ ok: true, unbacked: [] });
});
