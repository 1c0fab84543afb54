import { afterAll, beforeAll, expect, it } from 'vitest';
import { verifyTrail } from '../../platform/read/audit-verify.js';
import { PEOPLE } from '../support/promotion.js';
import { staged } from '../support/staged.js';
import { MODEL } from '../support/stack.js';
import { makeWorld, type World } from '../support/world.js';
import { say } from './figures.js';

const ACTS = 5_000;

let world: World;
beforeAll(async () => {
  world = await makeWorld();
  await staged(world, '1.2.0');
});
afterAll(() => world.close());

it('audit verify, where every event is a signed act', async () => {
  for (let act = 0; act < ACTS; act += 50) {
    await Promise.all(
      Array.from({ length: 50 }, () => world.act('resolve', PEOPLE.mlops, { model: MODEL, stage: 'staging', version: '1.2.0' })),
    );
  }
  const started = performance.now();
  const { ok, events } = await verifyTrail(world.db.reader);
  expect(ok && events > ACTS).toBe(true);
  const each = (performance.now() - started) / events;
  say(`audit verify of ${events} events`, `${each.toFixed(3)} ms an event, ${(each * 1000).toFixed(0)} s for a million`);
});
