import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { loadAttempt } from '../../platform/attempt.js';
import { advanceClock } from '../../platform/clock.js';
import { verifyTrail } from '../../platform/read/audit-verify.js';
import { readStatus } from '../../platform/read/status.js';
import { GATE_PEOPLE, PEOPLE } from '../support/promotion.js';
import { drive, inActivity, staged } from '../support/staged.js';
import { MODEL } from '../support/stack.js';
import { makeWorld, type World } from '../support/world.js';

const WEEK = 7 * 24 * 60 * 60_000;
const REASON = 'an incident is being looked into';

let world: World;
let id: string;
beforeAll(async () => {
  world = await makeWorld();
  id = await staged(world, '1.2.0');
});
afterAll(() => world.close());

const freeze = (on: 'on' | 'off', model = '', person: string = PEOPLE.devops) =>
  world.act('freeze', person, { model, freeze: on, reason: REASON });

async function approveAll(promotionId: string): Promise<void> {
  for (const [gate, person] of GATE_PEOPLE)
    await world.activities.decide({ promotionId, envelope: await world.signDecision(promotionId, person, gate) });
}

describe('a freeze', () => {
  it('is for those who have the right, for models there are, and begins and ends once', async () => {
    expect(await freeze('on', '', PEOPLE.business)).toMatchObject({ refusal: { kind: 'identity', what: 'right to freeze' } });
    expect(await freeze('on', 'nobody')).toMatchObject({ refusal: { kind: 'usage', what: 'model' } });
    expect(await freeze('off', MODEL)).toMatchObject({ refusal: { kind: 'conflict' } });
    expect(await freeze('on', MODEL)).toMatchObject({ accepted: true, result: { model: MODEL, frozen: true } });
    expect(await freeze('on', MODEL)).toMatchObject({ refusal: { kind: 'conflict', given: REASON } });
    expect(await freeze('on')).toMatchObject({ accepted: true, result: { model: null } });
    expect(world.told).toContain(`nudge ${id}`);
    const { models } = await readStatus(world.db.reader, {});
    expect(models[0]?.frozen.map(({ model, by }) => [model, by])).toEqual([
      [null, PEOPLE.devops],
      [MODEL, PEOPLE.devops],
    ]);
    expect(await freeze('off', MODEL)).toMatchObject({ accepted: true, result: { frozen: false } });
  });

  it('holds a version back that is ready, also against PostgreSQL itself, and no re-check is made meanwhile', async () => {
    await approveAll(id);
    await advanceClock(world.db.ownerUrl, WEEK);
    expect(await drive(world, id)).toMatchObject({
      kind: 'wait',
      waitMs: null,
      progress: { waitingFor: [`the end of the freeze of all models (by ${PEOPLE.devops}: ${REASON})`] },
    });
    await inActivity(world.activities.runChecks, { promotionId: id });
    expect((await loadAttempt(world.db.reader, id))?.rechecks).toEqual([]);
    expect(await world.activities.changeProduction({ promotionId: id })).toBe('not-due');
    const { rows } = await world.db.reader.query<{ envelope: string }>('SELECT envelope FROM decision WHERE promotion_id = $1', [
      id,
    ]);
    const decisions = rows.map(({ envelope }) => envelope);
    await expect(
      world.db.worker.query(`SELECT change_production($1, $2, NULL, $3, '{}', '{}', 1, '{}')`, [
        `promotion/${id}`,
        id,
        decisions,
      ]),
    ).rejects.toThrow('promotions are frozen');
  });

  it('lets it go when it is lifted, after its re-check', async () => {
    expect(await freeze('off')).toMatchObject({ accepted: true });
    expect(await drive(world, id)).toMatchObject({ progress: { state: 'production' } });
  });

  it('does not hold a rollback back', async () => {
    const better = await staged(world, '1.4.0');
    await approveAll(better);
    await advanceClock(world.db.ownerUrl, WEEK);
    await drive(world, better);
    expect(await freeze('on')).toMatchObject({ accepted: true });
    const back = { model: MODEL, from_version: '1.4.0', to_version: '1.2.0', reason: REASON };
    expect(await world.act('rollback', PEOPLE.devops, back)).toMatchObject({ accepted: true });
  });

  it('is on the trail, and a row that is not, or other than the trail says, is found', async () => {
    expect(await verifyTrail(world.db.reader)).toMatchObject({ ok: true, unbacked: [] });
    await world.db.owner.query('ALTER TABLE switch DISABLE TRIGGER USER');
    await world.db.owner.query(`UPDATE switch SET is_on = false WHERE seq = (SELECT max(seq) FROM switch)`);
    expect((await verifyTrail(world.db.reader)).unbacked).toEqual([expect.stringMatching(/^freeze by act .*not what event/)]);
    await world.db.owner.query(`DELETE FROM switch WHERE seq = (SELECT max(seq) FROM switch)`);
    expect((await verifyTrail(world.db.reader)).unbacked).toEqual([
      expect.stringMatching(/^the freeze of event \d+ is not on the record$/),
    ]);
  });
});
