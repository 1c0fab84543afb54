import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { advanceClock } from '../../platform/clock.js';
import { verifyTrail } from '../../platform/read/audit-verify.js';
import { MODEL } from '../support/stack.js';
import { first, makeWorld, type World } from '../support/world.js';
import { intrude, rechain, type Intruder } from './intruder.js';
import { approveAll, DAY, drive, request } from './life.js';

let world: World;
let intruder: Intruder;
beforeAll(async () => {
  world = await makeWorld();
  const mlops = await first(world.db, 'mlops');
  for (const version of ['1.2.0', '1.4.0', '1.1.0']) {
    await world.register(version, mlops);
    const id = await request(world, version, mlops);
    await drive(world, id);
    if (version === '1.1.0') continue;
    await approveAll(world, id);
    await advanceClock(world.db.ownerUrl, 7 * DAY);
    await drive(world, id);
  }
  await world.act('policy', mlops, { model: MODEL, file: '0'.repeat(64) });
  intruder = await intrude(world);
}, 240_000);
afterAll(async () => {
  await intruder?.client.end();
  await world?.close();
});

describe('audit verify', () => {
  it('holds after a life, a replacement, a rejection and a refused act', async () => {
    const report = await verifyTrail(world.db.reader);
    expect(report).toMatchObject({ ok: true, firstBroken: null, unbacked: [] });
    const { rows } = await world.db.reader.query<{ seq: number; hash: string }>(
      `SELECT seq, encode(hash, 'hex') AS hash FROM audit_head`,
    );
    expect([report.events, report.head]).toEqual([rows[0]?.seq, rows[0]?.hash]);
  });

  it.each([
    ['a changed text', `UPDATE audit_event SET body = body || ' ' WHERE seq = 20`, 20],
    ['a changed hash', `UPDATE audit_event SET hash = sha256('x') WHERE seq = 7`, 7],
    ['a deleted event', `DELETE FROM audit_event WHERE seq = 9`, 9],
    ['a deleted first event', `DELETE FROM audit_event WHERE seq = 1`, 1],
    [
      'an event before the first',
      `INSERT INTO audit_event SELECT 0, at, action, actor, subject, body, hash FROM audit_event WHERE seq = 1`,
      1,
    ],
    ['a changed time', `UPDATE audit_event SET at = at + interval '1 microsecond' WHERE seq = 12`, 12],
    ['a changed actor', `UPDATE audit_event SET actor = 'somebody' WHERE seq = 3`, 3],
    ['a changed subject', `UPDATE audit_event SET subject = 'else' WHERE seq = 4`, 4],
  ])('names %s', async (_, statement, seq) => {
    expect(await intruder.after(statement)).toMatchObject({ ok: false, firstBroken: seq, events: seq - 1 });
  });

  it('names an event that says too little, even with the chain written anew', async () => {
    await intruder.client.query(
      `UPDATE audit_event SET body = regexp_replace(body, '"detail":.*,"seq"', '"detail":null,"seq"') WHERE seq = 8`,
    );
    expect(await intruder.after(rechain(8))).toMatchObject({ firstBroken: 8, why: expect.stringContaining('columns') as string });
  });

  it('names a swapped pair and the end that was cut off', async () => {
    const swap = `UPDATE audit_event a SET body = b.body, hash = b.hash FROM audit_event b WHERE (a.seq, b.seq) IN ((5, 6), (6, 5))`;
    expect(await intruder.after(swap)).toMatchObject({ firstBroken: 5 });
    const all = (await verifyTrail(world.db.reader)).events;
    expect(await intruder.after(`DELETE FROM audit_event WHERE seq > ${all - 3}`)).toMatchObject({
      firstBroken: all - 2,
      events: all - 3,
    });
    expect(await intruder.after(`UPDATE audit_head SET hash = sha256('x')`)).toMatchObject({ firstBroken: all });
    expect(await intruder.after(`UPDATE audit_head SET seq = seq - 1`)).toMatchObject({ firstBroken: all });
    expect(await intruder.after(`DELETE FROM audit_head`)).toMatchObject({ firstBroken: all + 1 });
  });

  it.each([
    [
      `UPDATE model_version_detail SET status = 'archived' WHERE version = '1.4.0'`,
      /1\.4\.0 is archived, the trail has it as production/,
    ],
    [`UPDATE model_version_detail SET artifact_digest = repeat('a', 64) WHERE version = '1.1.0'`, /1\.1\.0 has other content/],
    [`DELETE FROM model_version_detail WHERE version = '1.1.0'`, /1\.1\.0 is on the trail and not on the record/],
    [`UPDATE promotion SET state = 'staging' WHERE version = '1.1.0'`, /1\.1\.0\/1 is staging, the trail has it as rejected/],
    [`DELETE FROM production_change WHERE to_version = '1.2.0'`, /1\.2\.0\/1 is on the trail and not on the record/],
    [`UPDATE production_change SET from_version = '1.1.0' WHERE to_version = '1.4.0'`, /speaks of another change/],
    [`UPDATE production_change SET decisions = decisions[1:3] WHERE to_version = '1.4.0'`, /speaks of another change/],
    [
      `DELETE FROM envelope WHERE act = 'request' AND subject LIKE '%1.1.0%'`,
      /promotion\.requested\): its signed act is not on the record/,
    ],
    [`UPDATE envelope SET jws = jws || 'x' WHERE act = 'policy' AND accepted`, /its signed act was changed/],
    [`UPDATE envelope SET accepted = true WHERE NOT accepted`, /marked accepted/],
    [`UPDATE envelope SET accepted = false WHERE act = 'decision'`, /marked refused/],
    [`UPDATE decision SET gate = 'devops' WHERE gate = 'security'`, /the decision on the record is another one/],
    [`DELETE FROM decision WHERE gate = 'security'`, /the decision on the record is another one/],
    [`UPDATE envelope SET person = 'omar.devops@duetmind.example' WHERE person LIKE 'olga%'`, /its signed act is by omar/],
  ])('finds what the trail does not back: %s', async (statement, unbacked) => {
    const report = await intruder.after(statement);
    expect(report).toMatchObject({ ok: false, firstBroken: null });
    expect(report.unbacked.join('\n')).toMatch(unbacked);
  });

  it('finds a production change that was invented, with an event of its own', async () => {
    const seq = await intruder.seqOf('production.changed', `${MODEL}/1.4.0/1`);
    const invented = `UPDATE audit_event SET body = replace(body, '"approvals":[{', '"approvals":[],"x":[{') WHERE seq = ${seq}`;
    await intruder.client.query('BEGIN');
    await intruder.client.query(invented);
    await intruder.client.query(rechain(seq));
    await intruder.client.query('COMMIT');
    const report = await intruder.after(`UPDATE production_change SET decisions = '{}' WHERE to_version = '1.4.0'`);
    expect(report.unbacked.join('\n')).toMatch(
      /production change of .* to 1\.4\.0: no approval at data-science, devops, business, security/,
    );
  });

  it('finds a decision that no event speaks of', async () => {
    const report = await intruder.after(
      `INSERT INTO envelope SELECT repeat('b', 64), act, person, subject, jws, received_at, accepted, answer FROM envelope WHERE act = 'decision' LIMIT 1`,
      `INSERT INTO decision (envelope, promotion_id, round, gate, decision, person, comment, received_at)
         SELECT repeat('b', 64), promotion_id, round, gate, decision, person, comment, received_at FROM decision LIMIT 1`,
    );
    expect(report.unbacked.join('\n')).toMatch(/decision by act b{64} .* is on no event/);
  });

  it('finds a stage that changed by an event nobody could have written', async () => {
    const seq = await intruder.seqOf('stage.changed', `${MODEL}/1.1.0/1`);
    await intruder.client.query(
      `UPDATE audit_event SET body = replace(body, '"from":"registered"', '"from":"staging"') WHERE seq = ${seq}`,
    );
    await intruder.client.query(rechain(seq));
    const report = await intruder.after(`UPDATE person SET printed_name = printed_name`);
    expect(report.unbacked.join('\n')).toMatch(/1\.1\.0 from staging, where the trail has it as registered/);
  });
});
