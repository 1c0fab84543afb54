import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { AuditAction } from '../../domain/audit.js';
import { canonicalJson } from '../../domain/canonical.js';
import { appendAudit, databaseNow } from '../../platform/audit.js';
import { sha256 } from '../../platform/digest.js';
import { openEnvelope, signEnvelope } from '../../platform/envelope.js';
import { generateKey } from '../../platform/keys.js';
import { inTransaction } from '../../platform/pool.js';
import { verifyTrail } from '../../platform/read/audit-verify.js';
import { MODEL } from '../support/stack.js';
import { first, makeWorld, type World } from '../support/world.js';
import { intrude, rechain, type Intruder } from './intruder.js';
import { liveWholly } from './whole-life.js';

let world: World;
let intruder: Intruder;
const meanwhile: string[] = [];
beforeAll(async () => {
  world = await makeWorld();
  await liveWholly(world, async () => {
    meanwhile.push(...(await verifyTrail(world.db.reader)).unbacked);
  });
  intruder = await intrude(world);
}, 240_000);
afterAll(async () => {
  await intruder?.client.end();
  await world?.close();
});

const count = async (from: string): Promise<number> => {
  const { rows } = await world.db.reader.query<{ n: number }>(`SELECT count(*) AS n FROM ${from}`);
  return rows[0]?.n ?? 0;
};

/** Expects an edit to be named, with the chain whole. */
async function named(statement: string, unbacked: RegExp): Promise<void> {
  const report = await intruder.after(statement);
  expect(report).toMatchObject({ ok: false, firstBroken: null });
  expect(report.unbacked.join('\n')).toMatch(unbacked);
}

/** The columns of a table that can be written to, except its number. */
const swap = (table: string, columns: string, one: string, other: string): string =>
  `UPDATE ${table} a SET (${columns}) = (SELECT ${columns} FROM ${table} b WHERE b.seq = CASE a.seq WHEN ${one} THEN ${other} ELSE ${one} END)
    WHERE a.seq IN (${one}, ${other})`;
const POLICY = 'model, digest, file_text, defaults_text, effective, relaxed, envelope, registered_at';
const nth = (which: 'min' | 'max', model: string): string => `(SELECT ${which}(seq) FROM policy WHERE model = '${model}')`;

describe('audit verify of a whole life', () => {
  it('holds, with its rejections, its expiry, refusals that are only counted, and a clock that was moved', async () => {
    expect(await verifyTrail(world.db.reader)).toMatchObject({ ok: true, firstBroken: null, unbacked: [] });
    expect(meanwhile).toEqual([]);
    expect(await count('refusal_counted')).toBe(3);
    expect(await count(`audit_event WHERE action = 'clock.advanced'`)).toBe(3);
    expect(await count(`promotion WHERE state IN ('rejected', 'expired') AND version = '1.4.0'`)).toBe(2);
    expect(await count(`promotion WHERE state IN ('production', 'archived')`)).toBe(2);
    expect(await count('promotion WHERE asked_at IS NOT NULL')).toBe(1);
    expect(await count(`envelope WHERE answer LIKE '%"unchanged":true%'`)).toBe(1);
  });

  it.each([
    [`public_key = (SELECT public_key FROM person WHERE email LIKE 'simon%')`, 'public_key'],
    [`kid = repeat('k', 43)`, 'kid'],
    [`groups = '{security,devops}'`, 'groups'],
    [`printed_name = 'Sarah Security'`, 'printed_name'],
    [`assurance = 'enrolled'`, 'assurance'],
    [`enrolled_by = 'nobody'`, 'enrolled_by'],
    [`enrolled_at = enrolled_at + interval '1 microsecond'`, 'enrolled_at'],
    [`revoked_at = now()`, 'revoked_at'],
  ])('names a person with another %s', async (change, column) => {
    await named(
      `UPDATE person SET ${change} WHERE email LIKE 'sara%'`,
      new RegExp(`person sara.security@duetmind.example is not who event \\d+ enrolled: its ${column} is`),
    );
  });

  it('names a person nobody enrolled, and one who is gone', async () => {
    await named(
      `INSERT INTO person (email, printed_name, groups, kid, public_key, assurance, enrolled_by)
         SELECT 'eve@duetmind.example', 'Eve', groups, 'eve', public_key, assurance, enrolled_by FROM person LIMIT 1`,
      /person eve@duetmind\.example is on no event/,
    );
    await named(`DELETE FROM person WHERE email LIKE 'simon%'`, /person simon.* is on the trail and not on the record/);
  });

  it.each([
    [`UPDATE policy SET effective = replace(effective, '0.85', '0.15') WHERE model = '${MODEL}'`, /effective text is not that/],
    [`UPDATE policy SET file_text = file_text || '# ' WHERE model = '${MODEL}'`, /file is not the one that was signed/],
    [`UPDATE policy SET defaults_text = '' WHERE model = '${MODEL}'`, /no such defaults were registered/],
    [`UPDATE policy SET relaxed = '{}' WHERE relaxed <> '{}'`, /its relaxed is \[\]/],
    [`UPDATE policy SET registered_at = registered_at - interval '1 day' WHERE model = '_defaults'`, /its time is not that/],
    [`DELETE FROM policy WHERE model = '_defaults'`, /policy\/_defaults is on event \d+ and not on the record/],
    [
      `INSERT INTO policy (${POLICY}) SELECT ${POLICY} FROM policy WHERE model = '_defaults'`,
      /policy\/_defaults of act \w{64} is on no event/,
    ],
    [
      swap('policy', POLICY, nth('min', MODEL), nth('max', MODEL)),
      /policy\/\w+ is not what event \d+ says: it stands after a later/,
    ],
    [`UPDATE feature_view SET features = replace(features, 'float', 'double')`, /features are not those of its feature hash/],
    [`UPDATE feature_view SET feature_hash = repeat('a', 64)`, /feature-view\/.* is not what event \d+ says: its feature hash/],
    [`UPDATE feature_view SET file_text = ''`, /feature-view\/.*file is not the one that was signed/],
    [`DELETE FROM feature_view`, /feature-view\/.* is on event \d+ and not on the record/],
    [
      `UPDATE dataset SET role = 'training' WHERE role = 'holdout'`,
      /dataset\/.* is not what event \d+ says: its role is "training"/,
    ],
    [`UPDATE dataset SET digest = repeat('a', 64)`, /dataset\/.*its digest is/],
    [`UPDATE dataset SET series = 'other'`, /dataset\/.*its series is/],
    [`UPDATE dataset SET label = 'age'`, /dataset\/.*its label is "age"/],
    [`UPDATE dataset SET positive = '0'`, /dataset\/.*its positive is "0"/],
    [`UPDATE dataset SET feature_view_version = 9`, /dataset\/.*its feature_view_version is 9/],
    [`UPDATE dataset SET file_text = file_text || ' '`, /dataset\/.*file is not the one that was signed/],
    [`DELETE FROM dataset WHERE role = 'training'`, /dataset\/.* is on event \d+ and not on the record/],
  ])('names a file on the record that is not what was registered: %s', async (statement, unbacked) => {
    await named(statement, unbacked);
  });

  it.each([
    [`comment = 'fine by me'`, 'comment'],
    [`round = 2`, 'round'],
    [`person = 'simon.security@duetmind.example'`, 'person'],
    [`promotion_id = '${MODEL}/1.2.0/1'`, 'promotion_id'],
    [`decision = 'approve'`, 'decision'],
    [`received_at = received_at - interval '1 second'`, 'on_time'],
  ])('names a decision with another %s', async (change, column) => {
    await named(
      `UPDATE decision SET ${change} WHERE decision = 'reject'`,
      new RegExp(`event \\d+ \\(decision.rejected\\): the decision on the record is another one: its ${column} is`),
    );
  });

  it('names decisions in another order than they were made', async () => {
    const columns = 'envelope, promotion_id, round, gate, decision, person, comment, received_at';
    const of = (decision: string): string =>
      `(SELECT min(seq) FROM decision WHERE promotion_id LIKE '%1.4.0/3' AND gate = 'devops' AND decision = '${decision}')`;
    await intruder.client.query('ALTER TABLE decision DROP CONSTRAINT decision_envelope_key');
    await named(swap('decision', columns, of('approve'), of('retract')), /its decision is not in the order of the trail/);
  });

  it.each([
    [
      `UPDATE check_result SET finding = replace(finding, '0.9', '0.8') WHERE check_name = 'performance'`,
      /not the evidence of event/,
    ],
    [`UPDATE check_result SET verdict = 'pass' WHERE verdict = 'fail'`, /finding of .* of .*1\.1\.0\/1 contradicts itself/],
    [`DELETE FROM check_result WHERE check_name = 'lineage'`, /findings in round 1 of .* are not the evidence of event/],
    [
      `UPDATE check_result SET finding = replace(finding, '"verdict"', '"x":1,"verdict"') WHERE phase = 'recheck'`,
      /a re-check it names is not on the record|has other re-checks/,
    ],
    [`UPDATE production_change SET record = replace(record, '0.9', '0.8')`, /record has other metrics|record says otherwise/],
    [`UPDATE production_change SET record = replace(record, 'marco', 'maria')`, /its record says otherwise: its requestedBy/],
    [
      `UPDATE production_change SET record = replace(record, '"lineage":{', '"lineage":{"a":"b",')`,
      /its record is not the one whose digest its event has/,
    ],
    [`UPDATE production_change SET rechecks = '{}'`, /its record has other re-checks/],
    [`UPDATE production_change SET at = at + interval '2 minutes'`, /speaks of another change/],
    [
      `UPDATE follow_up SET outcome = 'failed' WHERE change_key LIKE '%1.4.0%'`,
      /follow-up archive-previous .* is not what event/,
    ],
    [`DELETE FROM follow_up`, /the follow-up of event \d+ is not on the record/],
  ])('names a finding, or what stands on it, that was edited: %s', async (statement, unbacked) => {
    await named(statement, unbacked);
  });

  it.each(['staged_at', 'promoted_at', 'deprecated_at', 'retention_until'])('names a version with another %s', async (column) => {
    const changed = new RegExp(`version ${MODEL}/1\\.2\\.0 has ${column} .*(event \\d+)`);
    await named(`UPDATE model_version_detail SET ${column} = ${column} - interval '1 second' WHERE version = '1.2.0'`, changed);
    await named(`UPDATE model_version_detail SET ${column} = NULL WHERE version = '1.2.0'`, changed);
  });

  it.each([
    [`staged_at = staged_at - interval '8 days'`, /has staged_at/],
    [`ended_at = ended_at - interval '1 second'`, /has ended_at/],
    [`end_reason = 'for no reason'`, /ended for another reason/],
    [`requested_by = 'maria.mlops@duetmind.example'`, /its requested_by is "maria/],
    [`requested_at = requested_at - interval '1 second'`, /its on_time is false/],
    [`state = 'withdrawn'`, /is withdrawn, the trail has it as expired/],
    [`round = 2`, /is in round 2, the trail has it in round 1/],
    [`policy_seq = ${nth('max', MODEL)}`, /its policy is/],
    [`asked_at = requested_at`, /has asked_at .* no event says/],
    [`first_run_id = 'another'`, /has the run another/],
    [`attempt = 9`, /its attempt is 9/],
  ])('names an attempt with another %s', async (change, unbacked) => {
    await named(
      `UPDATE promotion SET ${change} WHERE id LIKE '%1.4.0/2'`,
      new RegExp(`promotion ${MODEL}/1\\.4\\.0/2 .*${unbacked.source}`),
    );
  });

  it.each([
    [`DELETE FROM envelope WHERE NOT accepted AND act = 'policy'`, /\(act\.refused\): its signed act is not on the record/],
    [`UPDATE envelope SET answer = answer || ' ' WHERE NOT accepted`, /answered otherwise/],
    [`UPDATE envelope SET act = 'dataset' WHERE NOT accepted AND act = 'policy'`, /its signed act is kept as dataset/],
    [`UPDATE envelope SET received_at = received_at - interval '2 hours' WHERE NOT accepted`, /kept as received at/],
    [
      `INSERT INTO envelope SELECT repeat('b', 64), act, person, subject, jws, received_at, accepted, answer FROM envelope WHERE NOT accepted LIMIT 1`,
      /refused act b{64} \(\w+ on .*\) is on no event/,
    ],
    [
      `INSERT INTO refusal_counted SELECT repeat('b', 64), 'dataset', NULL, 'x', now(), '{}'`,
      /refusals of dataset on x are counted, and only 0 of 20/,
    ],
    [
      `UPDATE envelope SET received_at = received_at - interval '2 minutes' WHERE subject = 'policy/_defaults'`,
      /was not alice.* when it was received/,
    ],
    [`UPDATE installation SET clock_offset = clock_offset + interval '1 day'`, /the clock is \d+ ms ahead/],
  ])('names a refusal or a clock that is not what the events say: %s', async (statement, unbacked) => {
    await named(statement, unbacked);
  });

  it('names a person whose key was replaced, and the approvals signed again with it', async () => {
    const eve = await generateKey();
    const { rows } = await intruder.client.query<{ hash: string; jws: string }>(
      `SELECT hash, jws FROM envelope WHERE act = 'decision' AND person LIKE 'sara%' AND subject = '${MODEL}/1.2.0/1'`,
    );
    const [old] = rows;
    const opened = openEnvelope(old?.jws ?? '');
    if (!old || !opened.ok) throw new Error('no approval to sign again');
    const jws = await signEnvelope(opened.envelope.payload, eve);
    const seq = await intruder.seqOf('decision.approved', `${MODEL}/1.2.0/1`);
    const again = (column: string): string => `${column} = replace(${column}, '${old.hash}', '${sha256(jws)}')`;
    const report = await intruder.after(
      `UPDATE person SET kid = '${eve.kid}', public_key = '${canonicalJson({ ...eve.publicJwk })}' WHERE email LIKE 'sara%'`,
      `UPDATE envelope SET ${again('answer')}, ${again('hash')}, jws = '${jws}' WHERE hash = '${old.hash}'`,
      `UPDATE decision SET ${again('envelope')}`,
      `UPDATE production_change SET ${again('record')}, decisions = array_replace(decisions, '${old.hash}', '${sha256(jws)}')`,
      `UPDATE audit_event SET ${again('body')} WHERE seq >= ${seq}`,
      rechain(seq),
    );
    expect(report.firstBroken).toBeNull();
    const said = report.unbacked.join('\n');
    expect(said).toMatch(/person sara\S+ is not who event \d+ enrolled: its kid is/);
    expect(said).toMatch(/\(decision\.approved\): its signed act is not signed by sara/);
    expect(said).toMatch(/production change of .* to 1\.2\.0: the approval at security is not signed by sara/);
  });

  it("names what a worker's login put on record and trail without a signature", async () => {
    const jws = (
      await world.sign('policy', await first(world.db, 'mlops'), { model: MODEL, file: sha256('thresholds: none') })
    ).replace(/[^.]+$/, 'A'.repeat(86));
    const [hash, effective] = [sha256(jws), canonicalJson({ model: MODEL })];
    const [admin, at] = [await first(world.db, 'admin'), await databaseNow(world.db.reader)];
    await inTransaction(world.db.worker, async (tx) => {
      await tx.query(`INSERT INTO envelope VALUES ($1, 'policy', $2, $3, $4, $5, true, '{}')`, [
        hash,
        admin,
        `policy/${MODEL}`,
        jws,
        at,
      ]);
      await tx.query(
        `INSERT INTO policy (model, digest, file_text, effective, relaxed, envelope, registered_at) VALUES ($1, $2, 'thresholds: none', $3, '{}', $4, $5)`,
        [MODEL, sha256(effective), effective, hash, at],
      );
      const detail = { digest: sha256(effective), relaxed: [], envelope: hash };
      await appendAudit(tx, { action: 'constructor' as AuditAction, actor: admin, subject: 'nothing', detail: {} });
      await appendAudit(tx, { action: 'policy.registered', actor: admin, subject: `policy/${MODEL}`, detail });
    });
    const report = await intruder.after('SELECT 1');
    expect(report.firstBroken).toBeNull();
    expect(report.unbacked.join('\n')).toMatch(/\(policy\.registered\): its signed act is not signed by alice/);
  });
});
