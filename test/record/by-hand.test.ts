import { appendFileSync, chmodSync, readFileSync, writeFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { GATES, type Gate } from '../../domain/policy.js';
import { advanceClock } from '../../platform/clock.js';
import { loadPackage } from '../../platform/package.js';
import { followed } from '../support/followed.js';
import { PEOPLE } from '../support/promotion.js';
import { drive, inActivity, staged } from '../support/staged.js';
import { MODEL } from '../support/stack.js';
import { AT, makeWorld, members, type World } from '../support/world.js';

const DAY = 24 * 60 * 60_000;
const REASON = 'it misses too many patients';
const GROUP: Record<Gate, string> = { 'data-science': 'ds-team', devops: 'devops', business: 'business', security: 'security' };

let world: World;
beforeAll(async () => {
  world = await makeWorld();
  await intoProduction('1.2.0');
  await intoProduction('1.4.0');
});
afterAll(() => world.close());

async function intoProduction(version: string): Promise<void> {
  const id = await staged(world, version);
  for (const gate of GATES) {
    const [person = ''] = await members(world.db, GROUP[gate]);
    await world.activities.decide({ promotionId: id, envelope: await world.signDecision(id, person, gate) });
  }
  await advanceClock(world.db.ownerUrl, 7 * DAY);
  await drive(world, id);
}

const rollBack = (from: string, to: string, person: string = PEOPLE.devops) =>
  world.act('rollback', person, { model: MODEL, from_version: from, to_version: to, reason: REASON });

async function stages(): Promise<Record<string, string>> {
  const { rows } = await world.db.reader.query<{ version: string; status: string }>(
    'SELECT version, status FROM model_version_detail ORDER BY version',
  );
  return Object.fromEntries(rows.map(({ version, status }) => [version, status]));
}

const followUp = (changeKey: string): Promise<void> => followed(world, changeKey);

const modelFile = async (version: string): Promise<string> => {
  const { rows } = await world.db.reader.query<{ artifact_digest: string }>(
    'SELECT artifact_digest FROM model_version_detail WHERE version = $1',
    [version],
  );
  const loaded = await loadPackage(world.deps.store, rows[0]?.artifact_digest ?? '');
  if (!loaded.ok) throw new Error('no package');
  return world.deps.store.pathOf(loaded.manifest.files.find(({ path }) => path === 'model.onnx')?.sha256 ?? '');
};

describe('rollback by hand (rules §5)', () => {
  it('is refused to who has no right, on another production than was thought, and to what is no target; nothing changes', async () => {
    const before = await stages();
    expect(await rollBack('1.4.0', '1.2.0', PEOPLE.business)).toMatchObject({ refusal: { kind: 'identity' } });
    expect(await rollBack('1.2.0', '1.2.0')).toMatchObject({ refusal: { kind: 'conflict', given: '1.2.0', allowed: '1.4.0' } });
    for (const to of ['1.4.0', '9.9.9'])
      expect(await rollBack('1.4.0', to)).toMatchObject({ refusal: { kind: 'rule', allowed: 'valid targets: 1.2.0' } });
    expect(await stages()).toEqual(before);
  });

  it('is refused to a version whose artifacts do not match, and the on-call is told', async () => {
    const path = await modelFile('1.2.0');
    const good = readFileSync(path);
    chmodSync(path, 0o644);
    appendFileSync(path, 'x');
    expect(await rollBack('1.4.0', '1.2.0')).toMatchObject({
      refusal: { kind: 'rule', what: 'the artifacts of 1.2.0 do not match their checksums' },
    });
    writeFileSync(path, good);
    const { rows } = await world.db.reader.query(`SELECT audience FROM notice WHERE kind = 'rollback-refused'`);
    expect(rows).toEqual([{ audience: ['on_call'] }]);
  });

  it('swaps in one transaction, quarantines the version left, and is followed up: serving, then the archive', async () => {
    const answer = await rollBack('1.4.0', '1.2.0');
    expect(answer).toMatchObject({ accepted: true, result: { from: '1.4.0', to: '1.2.0', production: '1.2.0' } });
    expect(await stages()).toEqual({ '1.2.0': 'production', '1.4.0': 'archived' });
    const changeKey = String(answer.result['changeKey']);
    expect(world.told).toContain(`follow ${changeKey}`);
    expect(await world.deps.serving.read(MODEL)).toMatchObject({ version: '1.4.0' });
    await followUp(changeKey);
    expect(await world.deps.serving.read(MODEL)).toMatchObject({ version: '1.2.0', change: changeKey });
    const { rows } = await world.db.reader.query<{ action: string; actor: string }>(
      'SELECT action, actor FROM audit_event WHERE subject = $1 ORDER BY seq',
      [changeKey],
    );
    expect(rows).toEqual([
      { action: 'production.changed', actor: PEOPLE.devops },
      { action: 'serving.pointed', actor: 'gatehouse' },
      ...Array.from({ length: 4 }, () => ({ action: 'change.followed-up', actor: 'gatehouse' })),
      { action: 'previous.archived', actor: 'gatehouse' },
      ...Array.from({ length: 2 }, () => ({ action: 'change.followed-up', actor: 'gatehouse' })),
    ]);
    expect(await world.activities.standing({ promotionId: `${MODEL}/1.4.0/1` })).toMatchObject({
      kind: 'ended',
      outcome: 'archived',
    });
  });

  it('the version left is not promoted again and is no target until a person releases it', async () => {
    expect(await rollBack('1.2.0', '1.4.0')).toMatchObject({
      refusal: { kind: 'rule', what: expect.stringContaining('1.4.0 is quarantined') as string, allowed: 'valid targets: none' },
    });
    const release = () =>
      world.act('release', PEOPLE.mlops, { model: MODEL, version: '1.4.0', reason: 'the cause was the feed' });
    expect(await release()).toMatchObject({ accepted: true, result: { state: 'archived' } });
    expect(await release()).toMatchObject({ refusal: { kind: 'conflict', what: '1.4.0 is not quarantined' } });
    expect(await rollBack('1.2.0', '1.4.0')).toMatchObject({ accepted: true });
    expect(await stages()).toEqual({ '1.2.0': 'archived', '1.4.0': 'production' });
  });

  it('of two at once one swaps and the other is a conflict', async () => {
    await world.act('release', PEOPLE.mlops, { model: MODEL, version: '1.2.0', reason: 'the cause was the feed' });
    const answers = await Promise.all([rollBack('1.4.0', '1.2.0'), rollBack('1.4.0', '1.2.0', PEOPLE.mlops)]);
    expect(answers.filter(({ accepted }) => accepted)).toHaveLength(1);
    expect(answers.find(({ accepted }) => !accepted)).toMatchObject({ refusal: { kind: 'conflict' } });
    expect(await stages()).toEqual({ '1.2.0': 'production', '1.4.0': 'archived' });
  });

  it('PostgreSQL makes no change by hand without the accepted act that asked for it', async () => {
    const change = (kind: string, hash: string, to: string | null) =>
      world.db.worker.query(`SELECT change_production_by_hand($1, $2, $3, '1.2.0', $4, 'why', '{}', 1, '{}')`, [
        kind,
        hash,
        MODEL,
        to,
      ]);
    await expect(change('rollback', 'f'.repeat(64), '1.4.0')).rejects.toThrow(/no accepted rollback/);
    const refused = await rollBack('1.2.0', '9.9.9');
    await expect(change('rollback', refused.hash, '1.4.0')).rejects.toThrow(/no accepted rollback/);
    const used = await world.db.reader.query<{ hash: string }>(
      `SELECT e.hash FROM envelope e JOIN production_change c ON c.envelope = e.hash WHERE c.kind = 'rollback' LIMIT 1`,
    );
    expect((await change('rollback', used.rows[0]?.hash ?? '', '1.4.0')).rows).toEqual([
      { change_production_by_hand: 'already' },
    ]);
    const other = await world.act('release', PEOPLE.mlops, { model: MODEL, version: '1.4.0', reason: 'the cause was the feed' });
    await expect(change('retirement', other.hash, null)).rejects.toThrow(/no accepted retirement/);
  });
});

describe('what was signed is what is done', () => {
  it('an accepted rollback serves no other version, model or moment than the signed ones', async () => {
    const client = await world.db.worker.connect();
    try {
      await client.query('BEGIN');
      const jws = await world.sign('rollback', PEOPLE.devops, {
        model: MODEL,
        from_version: '1.2.0',
        to_version: '1.1.0',
        reason: REASON,
      });
      await client.query(
        `INSERT INTO envelope (hash, act, person, subject, jws, received_at, accepted, answer)
         VALUES ($1, 'rollback', $2, $3, $4, gatehouse_now(), true, '{}')`,
        ['e'.repeat(64), PEOPLE.devops, MODEL, jws],
      );
      const change = client.query(
        `SELECT change_production_by_hand('rollback', $1, $2, '1.2.0', '1.4.0', 'why', '{}', 1, '{}')`,
        ['e'.repeat(64), MODEL],
      );
      await expect(change).rejects.toThrow(/the rollback that was signed is another one/);
    } finally {
      await client.query('ROLLBACK');
      client.release();
    }
  });
});

describe('retire and resolve', () => {
  const resolve = (stage: string, person: string, version = '') => world.act('resolve', person, { model: MODEL, stage, version });

  it("answers the version of a stage to the stage's groups only, with the approvals that brought it there; recorded", async () => {
    const answer = await resolve('production', PEOPLE.mlops);
    expect(answer).toMatchObject({ accepted: true, result: { version: '1.2.0', stage: 'production' } });
    expect(answer.result['decisions']).toHaveLength(4);
    expect(await resolve('production', PEOPLE.business)).toMatchObject({
      refusal: { kind: 'identity', allowed: 'serving, mlops' },
    });
    expect(await resolve('staging', PEOPLE.mlops)).toMatchObject({ refusal: { kind: 'conflict', allowed: 'none' } });
    const { rows } = await world.db.reader.query(`SELECT actor, subject FROM audit_event WHERE action = 'version.resolved'`);
    expect(rows).toEqual([{ actor: PEOPLE.mlops, subject: `${MODEL}/1.2.0` }]);
  });

  it('names the versions where there are two in a stage', async () => {
    await staged(world, '1.5.0');
    expect(await resolve('staging', `dana.datascience${AT}`)).toMatchObject({ accepted: true, result: { version: '1.5.0' } });
    expect(await resolve('staging', PEOPLE.mlops, '1.2.0')).toMatchObject({ refusal: { kind: 'conflict', allowed: '1.5.0' } });
  });

  it('retiring leaves none in production, serving points to nothing, and a rollback brings it back', async () => {
    const retire = (version: string) =>
      world.act('retire', PEOPLE.mlops, { model: MODEL, version, reason: 'its feature view has ended' });
    expect(await retire('1.4.0')).toMatchObject({ refusal: { kind: 'conflict', allowed: '1.2.0' } });
    const answer = await retire('1.2.0');
    expect(answer).toMatchObject({ accepted: true, result: { from: '1.2.0', to: null } });
    await followUp(String(answer.result['changeKey']));
    expect(await world.deps.serving.read(MODEL)).toMatchObject({ version: null });
    expect(await stages()).toMatchObject({ '1.2.0': 'archived' });
    expect(await rollBack('', '1.2.0')).toMatchObject({ accepted: true });
    expect(await stages()).toMatchObject({ '1.2.0': 'production' });
  });
});

describe('a rollback and a promotion at the same moment', () => {
  it('follow each other under the lock of the model: one production version, and a chain without a gap', async () => {
    const id = `${MODEL}/1.5.0/1`;
    for (const gate of GATES) {
      const [person = ''] = await members(world.db, GROUP[gate]);
      await world.activities.decide({ promotionId: id, envelope: await world.signDecision(id, person, gate) });
    }
    await advanceClock(world.db.ownerUrl, 7 * DAY);
    const due = await world.activities.standing({ promotionId: id });
    if (due.kind !== 'recheck') throw new Error(`${id} is not ready: ${JSON.stringify(due.progress.waitingFor)}`);
    await inActivity(world.activities.runChecks, { promotionId: id });
    const [change, answer] = await Promise.all([
      world.activities.changeProduction({ promotionId: id }),
      rollBack('1.2.0', '1.4.0'),
    ]);
    // Whichever came second found another production than it was made for.
    expect([change, answer.accepted]).toEqual(change === 'done' ? ['done', false] : ['not-due', true]);
    const { rows } = await world.db.reader.query<{ from_version: string | null; to_version: string | null }>(
      'SELECT from_version, to_version FROM production_change ORDER BY seq',
    );
    rows.slice(1).forEach((row, i) => expect(row.from_version).toBe(rows[i]?.to_version));
    expect(Object.values(await stages()).filter((stage) => stage === 'production')).toHaveLength(1);
  });
});
