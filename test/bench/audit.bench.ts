import { afterEach, beforeEach, expect, it } from 'vitest';
import { verifyTrail } from '../../platform/read/audit-verify.js';
import { PEOPLE } from '../support/promotion.js';
import { MODEL } from '../support/stack.js';
import { staged } from '../support/staged.js';
import { makeWorld, type World } from '../support/world.js';
import { say } from './figures.js';
import { putMany } from './many-acts.js';

const MILLION = 1_000_000;

let world: World;
let promotion: string;
beforeEach(async () => {
  world = await makeWorld();
  promotion = await staged(world, '1.2.0');
  const { accepted } = await world.act('resolve', PEOPLE.mlops, { model: MODEL, stage: 'staging', version: '1.2.0' });
  expect(accepted).toBe(true);
});
afterEach(() => world.close());

it.each([
  ['every event is a signed act', Number(process.env['SIGNED'] ?? 100_000), 0],
  ['every tenth event is a signed act', Number(process.env['MIXED'] ?? MILLION), 9],
])('audit verify, where %s', async (what, count, besides) => {
  await putMany(world, { events: count, besides, promotion, person: PEOPLE.mlops });
  const [started, used] = [performance.now(), process.cpuUsage()];
  const { ok, events, unbacked, why } = await verifyTrail(world.db.reader);
  const ms = performance.now() - started;
  const { user, system } = process.cpuUsage(used);
  expect([ok, unbacked, why, events > count]).toEqual([true, [], null, true]);
  const each = `${(ms / events).toFixed(4)} ms an event, ${((user + system) / 1_000 / events).toFixed(4)} ms of this process's CPU`;
  say(`audit verify of ${events} events, ${what}`, `${each}, ${((ms / events) * 1_000).toFixed(0)} s for a million`);
});
