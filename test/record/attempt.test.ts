import { renameSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Standing } from '../../activities/registry/standing.js';
import { GATES, type Gate } from '../../domain/policy.js';
import { advanceClock } from '../../platform/clock.js';
import { drive as driveIn, inActivity, request as requestIn } from '../support/staged.js';
import { first, makeWorld, members, type World } from '../support/world.js';
import { MODEL } from '../support/stack.js';

const DAY = 24 * 60 * 60_000;
const GROUP: Record<Gate, string> = { 'data-science': 'ds-team', devops: 'devops', business: 'business', security: 'security' };

let world: World;
let mlops: string;
beforeAll(async () => {
  world = await makeWorld();
  mlops = await first(world.db, 'mlops');
});
afterAll(() => world.close());

const standing = (promotionId: string): Promise<Standing> => world.activities.standing({ promotionId });
const drive = (promotionId: string) => driveIn(world, promotionId);
const request = (version: string, from?: string) => requestIn(world, version, from);

async function approveAll(promotionId: string, which = 0): Promise<void> {
  for (const gate of GATES) {
    const person = (await members(world.db, GROUP[gate]))[which] ?? '';
    const answer = await world.activities.decide({ promotionId, envelope: await world.signDecision(promotionId, person, gate) });
    expect(answer.answer.refusal).toBeNull();
  }
}

async function actions(subject: string): Promise<string[]> {
  const { rows } = await world.db.reader.query<{ action: string }>(
    'SELECT action FROM audit_event WHERE subject = $1 ORDER BY seq',
    [subject],
  );
  return rows.map(({ action }) => action);
}

async function statusOf(version: string): Promise<string | undefined> {
  const { rows } = await world.db.reader.query<{ status: string }>('SELECT status FROM model_version_detail WHERE version = $1', [
    version,
  ]);
  return rows[0]?.status;
}

describe('one attempt on the record, without Temporal', () => {
  it('the same package twice is the same version, other content under it is refused', async () => {
    expect(await world.register('1.2.0', mlops)).toMatchObject({ accepted: true, result: { unchanged: false } });
    expect(await world.register('1.2.0', mlops)).toMatchObject({ accepted: true, result: { unchanged: true } });
  });

  it('goes through checks, soak, gates and re-checks into production, each step with its audit event', async () => {
    const id = await request('1.2.0');
    expect(await drive(id)).toMatchObject({ kind: 'wait', probe: true, progress: { state: 'staging' } });
    await expect(inActivity(world.activities.pollHealth, { promotionId: id })).rejects.toMatchObject({
      type: 'NextLook',
      category: 'BENIGN',
    });
    await approveAll(id);
    expect(await statusOf('1.2.0')).toBe('staging');
    await advanceClock(world.db.ownerUrl, 6 * DAY);
    expect(await drive(id)).toMatchObject({ kind: 'wait', progress: { state: 'staging', waitingFor: ['soak minimum'] } });
    await advanceClock(world.db.ownerUrl, DAY);
    expect(await drive(id)).toMatchObject({ kind: 'wait', waitMs: null, progress: { state: 'production' } });
    expect(await statusOf('1.2.0')).toBe('production');
    expect(await actions(id)).toEqual([
      'promotion.requested',
      'stage.changed',
      'stage.changed',
      ...GATES.map(() => 'decision.approved'),
      'production.changed',
      'serving.pointed',
      // The watch, dashboards, then the review; nothing was there to archive; stakeholders, incidents.
      'change.followed-up',
      'change.followed-up',
      'review.opened',
      'change.followed-up',
      'change.followed-up',
      'change.followed-up',
    ]);
    expect(world.told).toContain(`ensure ${id}`);
  });

  it('the change asked for again answers what it answered, and writes nothing', async () => {
    const id = `${MODEL}/1.2.0/1`;
    const before = await actions(id);
    expect(await world.activities.changeProduction({ promotionId: id })).toBe('already');
    expect(await actions(id)).toEqual(before);
  });

  it('a version that fails a check is rejected with every failing check named', async () => {
    await world.register('1.1.0', mlops);
    const id = await request('1.1.0');
    expect(await drive(id)).toMatchObject({ kind: 'ended', outcome: 'rejected' });
    const { rows } = await world.db.reader.query<{ end_reason: string }>('SELECT end_reason FROM promotion WHERE id = $1', [id]);
    expect(rows[0]?.end_reason).toMatch(/performance failed: .*0\.77.*; not-worse-than-production failed: /);
  });

  it('a version worse than production passes its thresholds and is rejected by the comparison', async () => {
    await world.register('1.3.0', mlops);
    const now = await drive(await request('1.3.0'));
    expect(now).toMatchObject({ kind: 'ended', outcome: 'rejected' });
    const verdicts = Object.fromEntries(now.progress.evidence.map(({ check, verdict }) => [check, verdict]));
    expect(verdicts).toMatchObject({ performance: 'pass', 'not-worse-than-production': 'fail' });
  });

  it('a better version replaces it, and the old one is archived with its retention end a calendar year on', async () => {
    await world.register('1.4.0', mlops);
    const id = await request('1.4.0');
    await drive(id);
    await advanceClock(world.db.ownerUrl, 7 * DAY);
    await approveAll(id, 1);
    expect(await drive(id)).toMatchObject({ progress: { state: 'production' } });
    const { rows } = await world.db.reader.query<{ status: string; whole_year: boolean }>(
      `SELECT status, retention_until = deprecated_at + interval '1 year' AS whole_year FROM model_version_detail WHERE version = '1.2.0'`,
    );
    expect(rows).toEqual([{ status: 'archived', whole_year: true }]);
    expect(await drive(`${MODEL}/1.2.0/1`)).toMatchObject({ kind: 'ended', outcome: 'archived' });
  });

  it('expires at the maximum, and a new attempt may follow', async () => {
    await world.register('1.5.0', mlops);
    const id = await request('1.5.0');
    await drive(id);
    await advanceClock(world.db.ownerUrl, 14 * DAY);
    expect(await drive(id)).toMatchObject({ kind: 'ended', outcome: 'expired' });
    expect(await request('1.5.0')).toBe(`${MODEL}/1.5.0/2`);
  });

  it('a rejection ends the attempt in the same transaction', async () => {
    const id = `${MODEL}/1.5.0/2`;
    await drive(id);
    const envelope = await world.signDecision(id, await first(world.db, 'security'), 'security', 'reject');
    expect(await world.activities.decide({ promotionId: id, envelope })).toMatchObject({
      answer: { accepted: true },
      standing: { kind: 'ended' },
    });
    // The decision's own transaction ended the attempt: nothing was left for the run to change.
    const last = await world.db.reader.query<{ action: string }>('SELECT action FROM audit_event ORDER BY seq DESC LIMIT 2');
    expect(last.rows.map(({ action }) => action)).toEqual(['stage.changed', 'decision.rejected']);
    expect(await statusOf('1.5.0')).toBe('rejected');
  });

  it('a store that is not there is unknown, not damage: nothing is earned and nothing ends', async () => {
    const id = await request('1.5.0', 'rejected');
    await drive(id);
    const folder = join(world.deps.store.dir, 'sha256');
    renameSync(folder, `${folder}.away`);
    await expect(inActivity(world.activities.pollHealth, { promotionId: id })).rejects.toMatchObject({ message: 'unknown' });
    const { rows } = await world.db.reader.query<{ reason: string }>(
      'SELECT reason FROM performance_window WHERE promotion_id = $1 ORDER BY id DESC LIMIT 1',
      [id],
    );
    expect(rows[0]?.reason).toMatch(/^the store .* cannot be entered/);
    renameSync(`${folder}.away`, folder);
    expect(await standing(id)).toMatchObject({ kind: 'wait', progress: { state: 'staging' } });
  });

  it('staging health that finds the artifact damaged ends the soak as rejected', async () => {
    const id = `${MODEL}/1.5.0/3`;
    const { rows } = await world.db.reader.query<{ artifact_digest: string }>(
      `SELECT artifact_digest FROM model_version_detail WHERE version = '1.5.0'`,
    );
    const { loadPackage } = await import('../../platform/package.js');
    const loaded = await loadPackage(world.deps.store, rows[0]?.artifact_digest ?? '');
    if (!loaded.ok) throw new Error('no package');
    const model = loaded.manifest.files.find(({ path }) => path === 'model.onnx');
    const { chmodSync, appendFileSync } = await import('node:fs');
    const path = world.deps.store.pathOf(model?.sha256 ?? '');
    chmodSync(path, 0o644);
    appendFileSync(path, 'x');
    await inActivity(world.activities.pollHealth, { promotionId: id });
    expect(await standing(id)).toMatchObject({ kind: 'ended', outcome: 'rejected' });
  });
});
