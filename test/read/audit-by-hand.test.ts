import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { join } from 'node:path';
import type { ActPayload, ActType } from '../../domain/acts.js';
import { advanceClock } from '../../platform/clock.js';
import { verifyTrail } from '../../platform/read/audit-verify.js';
import { readBundle } from '../../platform/read/bundle.js';
import { verifyAlone, written } from '../support/bundle.js';
import { followed } from '../support/followed.js';
import { EXAMPLE, MODEL } from '../support/stack.js';
import { request } from '../support/staged.js';
import { first, makeWorld, type World } from '../support/world.js';
import { intrude, type Intruder } from './intruder.js';
import { approveAll, DAY, drive } from './life.js';

const REASON = 'because it had to be done by hand';

let world: World;
let intruder: Intruder;
beforeAll(async () => {
  world = await makeWorld();
  await liveByHand();
  intruder = await intrude(world);
}, 240_000);
afterAll(async () => {
  await intruder?.client.end();
  await world?.close();
});

/** 1.2.0, then 1.4.0 in production; back to 1.2.0 by hand, which is retired; the soaks are extended, paused and repinned. */
async function liveByHand(): Promise<void> {
  const mlops = await first(world.db, 'mlops');
  const act = async (type: ActType, fields: ActPayload, email = mlops): Promise<string> => {
    const answer = await world.act(type, email, fields);
    if (!answer.accepted) throw new Error(JSON.stringify(answer.refusal));
    return String(answer.result['changeKey']);
  };
  for (const version of ['1.2.0', '1.4.0']) {
    await world.register(version, mlops);
    const promotion = await request(world, version);
    await drive(world, promotion);
    const on = { model: MODEL, version, promotion, reason: REASON };
    await act('extend', { ...on, by_ms: DAY });
    await act('pause', on);
    await advanceClock(world.db.ownerUrl, DAY);
    await act('resume', on);
    if (version === '1.4.0') {
      const { digest: file } = await world.deps.store.put(join(EXAMPLE, 'policy-relaxed.yaml'));
      await act('policy', { model: MODEL, file }, await first(world.db, 'admin'));
      const { rows } = await world.db.reader.query<{ digest: string }>('SELECT digest FROM policy ORDER BY seq DESC LIMIT 1');
      await act('repin', { ...on, policy_digest: rows[0]?.digest ?? '' });
      await drive(world, promotion);
    }
    await approveAll(world, promotion);
    await advanceClock(world.db.ownerUrl, 8 * DAY);
    await drive(world, promotion);
  }
  await world.register('1.5.0', mlops);
  const promotion = await request(world, '1.5.0');
  await drive(world, promotion);
  await act('withdraw', { model: MODEL, version: '1.5.0', promotion, reason: REASON });
  await act('resolve', { model: MODEL, version: '', stage: 'production' });
  await followed(world, await act('rollback', { model: MODEL, from_version: '1.4.0', to_version: '1.2.0', reason: REASON }));
  await act('release', { model: MODEL, version: '1.4.0', reason: REASON });
  await followed(world, await act('retire', { model: MODEL, version: '1.2.0', reason: REASON }));
}

describe('audit verify of what people do by hand', () => {
  it('holds after a rollback, a retirement and a withdrawal, with soaks that were extended, paused and repinned', async () => {
    expect(await verifyTrail(world.db.reader)).toMatchObject({ ok: true, firstBroken: null, unbacked: [] });
    const { rows } = await world.db.reader.query<{ kind: string }>('SELECT kind FROM production_change ORDER BY seq');
    expect(rows.map(({ kind }) => kind)).toEqual(['promotion', 'promotion', 'rollback', 'retirement']);
  });

  it.each([
    ['1.2.0/1', 1, ['soak.extended', 'soak.paused', 'soak.resumed']],
    ['1.4.0/1', 2, ['soak.extended', 'soak.paused', 'soak.resumed', 'promotion.repinned']],
    ['1.5.0/1', 0, ['stage.changed']],
  ])('%s proves itself from a file, with what was done to it by hand', async (attempt, changes, actions) => {
    const bundle = await readBundle(world.db.reader, world.deps.store, `${MODEL}/${attempt}`);
    expect(await verifyAlone(written(bundle))).toMatchObject({ code: 0, stderr: '' });
    const told = bundle.events.map(({ body }) => (JSON.parse(body) as { action: string }).action);
    expect(told).toEqual(expect.arrayContaining(actions));
    expect(told.filter((action) => action === 'production.changed')).toHaveLength(changes);
  });

  it.each([
    [
      `UPDATE soak_act SET by_ms = by_ms * 2 WHERE kind = 'extend'`,
      /extend of the soak of .* not what event \d+ says: its by_ms/,
    ],
    [`UPDATE soak_act SET at = at - interval '2 hours' WHERE kind = 'pause'`, /pause of the soak of .*: its time is/],
    [`DELETE FROM soak_act WHERE kind = 'pause'`, /event \d+ on the soak of .* is not on the record/],
    [`UPDATE quarantine SET quarantined = false`, /quarantine of .*1\.4\.0 .* its quarantined is false/],
    [`UPDATE quarantine SET reason = 'none'`, /quarantine of .*1\.4\.0 .* its reason is "none"/],
    [`DELETE FROM quarantine WHERE NOT quarantined`, /the quarantine of event \d+ is not on the record/],
    [`UPDATE production_change SET record = '{}' WHERE kind = 'rollback'`, /production change of .* to 1\.2\.0: its record is/],
    [
      `UPDATE production_change SET at = at - interval '1 second' WHERE kind = 'retirement'`,
      /to none: event \d+ speaks of another/,
    ],
    [
      `DELETE FROM follow_up WHERE step = 'serving' AND change_key LIKE 'rollback/%'`,
      /the follow-up of event \d+ is not on the record/,
    ],
    [`UPDATE follow_up SET detail = '{}' WHERE step = 'archive-previous'`, /follow-up archive-previous of .* is not what event/],
    [`DELETE FROM envelope WHERE act = 'rollback'`, /\(production\.changed\): its signed act is not on the record/],
    [`UPDATE promotion SET end_reason = 'it failed' WHERE state = 'withdrawn'`, /1\.5\.0\/1 ended for another reason/],
    [`UPDATE promotion SET round = 1 WHERE version = '1.4.0'`, /1\.4\.0\/1 is in round 1, the trail has it in round 2/],
    [`UPDATE promotion SET policy_seq = (SELECT min(seq) FROM policy) WHERE version = '1.4.0'`, /1\.4\.0\/1 .*its policy is/],
  ])('names what was edited: %s', async (statement, unbacked) => {
    const report = await intruder.after(statement);
    expect(report).toMatchObject({ ok: false, firstBroken: null });
    expect(report.unbacked.join('\n')).toMatch(unbacked);
  });
});
