import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { advanceClock } from '../../platform/clock.js';
import { openPromotions } from '../../workers/open-promotions.js';
import { isOverdue } from '../../workers/stuck.js';
import { staged } from '../support/staged.js';
import { makeWorld, type World } from '../support/world.js';

const DAY = 24 * 60 * 60_000;

let world: World;
let id: string;
beforeAll(async () => {
  world = await makeWorld();
  id = await staged(world, '1.2.0');
});
afterAll(() => world.close());

async function late(): Promise<boolean> {
  const open = (await openPromotions(world.db.worker)).find((each) => each.id === id);
  if (!open || open.silent_ms === null) throw new Error(`${id} is not in staging`);
  return isOverdue(open.silent_ms, open.every_ms);
}

describe('a version in staging whose looks are overdue', () => {
  it('is not one for which the clock was moved on by days', async () => {
    expect(await late()).toBe(false);
    await advanceClock(world.db.ownerUrl, 7 * DAY);
    expect(await late()).toBe(false);
  });

  it('is one that nobody has looked at since', async () => {
    await world.db.owner.query(`UPDATE installation SET clock_offset = clock_offset + interval '1 hour'`);
    expect(await late()).toBe(true);
  });
});
