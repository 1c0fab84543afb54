import { appendFileSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createChangeProduction } from '../../activities/registry/change.js';
import { reconcileHolds } from '../../activities/registry/reconcile-holds.js';
import { heldBy } from '../../client/verify.js';
import { loadAttempt } from '../../platform/attempt.js';
import { advanceClock } from '../../platform/clock.js';
import { sha256 } from '../../platform/digest.js';
import { databaseNow } from '../../platform/audit.js';
import { openEnvelope, signEnvelope } from '../../platform/envelope.js';
import { generateKey } from '../../platform/keys.js';
import { verifyTrail } from '../../platform/read/audit-verify.js';
import { checkIn } from '../../platform/read/check.js';
import { readStatus } from '../../platform/read/status.js';
import { readTrust } from '../../platform/read/trust.js';
import { PEOPLE } from '../support/promotion.js';
import { approved } from '../support/served.js';
import { drive, inActivity, staged } from '../support/staged.js';
import { MODEL } from '../support/stack.js';
import { makeWorld, type World } from '../support/world.js';

const REASON = 'it misses too many patients';
const MONTH = 30 * 24 * 60 * 60_000;

let world: World;
let id: string;
let serving: string;
beforeAll(async () => {
  world = await makeWorld();
  serving = world.deps.serving.name.replace('pointer file ', '');
  id = await staged(world, '1.2.0');
  await approved(world, id);
}, 60_000);
afterAll(() => world?.close());

const fields = (hold: 'on' | 'off', model: string = MODEL) => ({ model, hold, reason: REASON });
const hold = (on: 'on' | 'off', model: string = MODEL, person: string = PEOPLE.devops) =>
  world.act('hold', person, fields(on, model));
const later = async (ms: number) => new Date(Date.parse(await databaseNow(world.db.reader)) + ms).toISOString();

/** Signs a hold as when the record is away, and puts it where the serving side reads it. */
async function spool(on: 'on' | 'off', change: Record<string, string> = {}): Promise<string> {
  const envelope = await world.sign('hold', PEOPLE.devops, fields(on), { expires: await later(MONTH), ...change });
  await world.deps.serving.holds?.put(MODEL, envelope);
  return envelope;
}
async function isHeld(): Promise<boolean> {
  const { rows } = await world.db.worker.query<{ held: boolean }>(
    `SELECT is_held(id) AS held FROM model_registry WHERE name = $1`,
    [MODEL],
  );
  return rows[0]?.held ?? false;
}
const wasAccepted = async (envelope: string): Promise<unknown[]> =>
  (await world.db.reader.query('SELECT accepted FROM envelope WHERE hash = $1', [sha256(envelope)])).rows;
const servedAsHeld = async () => (await heldBy(serving, MODEL, await readTrust(world.db.reader))) !== undefined;

describe('a hold', () => {
  it('is for those who have the right, for models there are, and begins and ends once', async () => {
    expect(await hold('on', MODEL, PEOPLE.business)).toMatchObject({ refusal: { kind: 'identity', what: 'right to hold' } });
    expect(await hold('on', 'nobody')).toMatchObject({ refusal: { kind: 'usage', what: 'model' } });
    expect(await hold('off')).toMatchObject({ refusal: { kind: 'conflict' } });
    expect(await hold('on')).toMatchObject({ accepted: true, result: { model: MODEL, held: true } });
    expect(await hold('on')).toMatchObject({ refusal: { kind: 'conflict', given: REASON } });
    expect([await isHeld(), await servedAsHeld()]).toEqual([true, true]);
    expect(await hold('on', '')).toMatchObject({ accepted: true, result: { model: null } });
    expect(world.told).toContain(`nudge ${id}`);
    expect(await hold('off')).toMatchObject({ accepted: true, result: { held: false } });
    expect([await isHeld(), await servedAsHeld()]).toEqual([true, true]);
  });

  it('holds a version back that is ready; status and check say so', async () => {
    await advanceClock(world.db.ownerUrl, 7 * 24 * 60 * 60_000);
    expect(await drive(world, id)).toMatchObject({
      kind: 'wait',
      waitMs: null,
      progress: { waitingFor: [`the end of the hold of all models (by ${PEOPLE.devops}: ${REASON})`] },
    });
    expect((await loadAttempt(world.db.reader, id))?.rechecks).toEqual([]);
    expect(await world.activities.changeProduction({ promotionId: id })).toBe('not-due');
    const { models } = await readStatus(world.db.reader, {});
    expect(models[0]?.frozen).toMatchObject([{ kind: 'hold', model: null, by: PEOPLE.devops }]);
    const check = await checkIn(world.db.reader, { model: MODEL, version: '1.2.0' });
    expect(check?.conditions.find(({ kind }) => kind === 'freeze')).toMatchObject({
      verdict: 'pending',
      measured: `hold of all models by ${PEOPLE.devops}: ${REASON}`,
      who: 'gatehouse hold --lift',
    });
  });

  it('tells on-call and stakeholders', async () => {
    const { rows } = await world.db.reader.query(`SELECT title, audience FROM notice WHERE kind = 'hold' ORDER BY at`);
    expect(rows[0]).toEqual({ title: `${MODEL}: serving is told to stop`, audience: ['on_call', 'stakeholders'] });
  });

  it('that was signed while the record was away is on it before anything goes, however late it comes', async () => {
    expect(await hold('off', '')).toMatchObject({ accepted: true });
    const envelope = await spool('on');
    expect([await isHeld(), await servedAsHeld()]).toEqual([false, true]);
    await advanceClock(world.db.ownerUrl, 60_000);
    const due = await world.activities.standing({ promotionId: id });
    expect(due.kind).toBe('recheck');
    expect(await world.activities.changeProduction({ promotionId: id })).toBe('not-due');
    expect(await isHeld()).toBe(true);
    expect(await wasAccepted(envelope)).toEqual([{ accepted: true }]);
    expect(await drive(world, id)).toMatchObject({ kind: 'wait' });
  });

  it('and its lift as well; both once, whoever brings them there', async () => {
    await spool('off');
    expect([await isHeld(), await servedAsHeld()]).toEqual([true, false]);
    await Promise.all([reconcileHolds(world.deps), reconcileHolds(world.deps)]);
    await reconcileHolds(world.deps);
    expect(await isHeld()).toBe(false);
  });

  it.each([
    ['90 s', 90_000],
    ['2 days', 2 * 24 * 60 * 60_000],
  ])('that is signed by a clock %s ahead holds on the record at once; a lift behind it ends it everywhere', async (_, ahead) => {
    const issued = await later(ahead);
    await spool('on', { issued });
    expect(await world.activities.changeProduction({ promotionId: id })).toBe('not-due');
    expect([await isHeld(), await servedAsHeld()]).toEqual([true, true]);
    await spool('off', { issued: new Date(Date.parse(issued) + 1).toISOString() });
    await reconcileHolds(world.deps);
    expect([await isHeld(), await servedAsHeld()]).toEqual([false, false]);
    expect(await verifyTrail(world.db.reader)).toMatchObject({ ok: true, unbacked: [] });
  });

  it('is not ended by a lift that was signed before it', async () => {
    const issued = await later(-1);
    await spool('on');
    await reconcileHolds(world.deps);
    const lift = await world.sign('hold', PEOPLE.devops, fields('off'), { issued, expires: await later(MONTH) });
    await world.deps.serving.holds?.put(MODEL, lift);
    await reconcileHolds(world.deps);
    expect(await wasAccepted(lift)).toEqual([{ accepted: false }]);
    expect(await isHeld()).toBe(true);
    await spool('off');
    await reconcileHolds(world.deps);
    expect(await isHeld()).toBe(false);
  });

  it('that cannot be judged keeps no other from the record', async () => {
    const [bad, good] = [await spool('off'), await spool('on', { issued: await later(5) })];
    const { pool: real } = world.deps;
    let isAway = true;
    const connect = async () => {
      if (!isAway) return await real.connect();
      isAway = false;
      throw new Error('away for a moment');
    };
    const pool = { query: real.query.bind(real), connect } as unknown as typeof real;
    await expect(reconcileHolds({ ...world.deps, pool })).rejects.toThrow('away for a moment');
    expect([await wasAccepted(bad), await wasAccepted(good)]).toEqual([[], [{ accepted: true }]]);
    await reconcileHolds(world.deps);
    await spool('off', { issued: await later(10) });
    await reconcileHolds(world.deps);
    expect(await isHeld()).toBe(false);
  });

  it('that comes while a change is made keeps it from being made', async () => {
    await untilDue();
    const { holds } = world.deps.serving;
    if (!holds) throw new Error('there is no spool');
    // The change has looked at all that is spooled, and then at what there is of its own model.
    const comesBetween = { ...holds, list: async (model?: string) => (model === undefined ? [] : await holds.list(model)) };
    await spool('on');
    const change = createChangeProduction({ ...world.deps, serving: { ...world.deps.serving, holds: comesBetween } });
    await expect(change({ promotionId: id })).rejects.toThrow('spooled and not on the record yet');
    await reconcileHolds(world.deps);
    await spool('off');
    await reconcileHolds(world.deps);
    expect(await isHeld()).toBe(false);
  });

  it.each([
    ['by a key of nobody', async () => forged()],
    ['by somebody without the right', () => world.sign('hold', PEOPLE.business, fields('on'))],
    ['as a lift by somebody without the right', () => world.sign('hold', PEOPLE.business, fields('off'))],
    ['as a lift for another installation', () => world.sign('hold', PEOPLE.devops, fields('off'), { installation: 'x' })],
    ['for a month that is over', async () => world.sign('hold', PEOPLE.devops, fields('on'), { expires: await later(-1) })],
    [
      'as a lift from before the hold',
      async () => world.sign('hold', PEOPLE.devops, fields('off'), { issued: await later(-60_000) }),
    ],
  ])('signed %s is refused on the record, and holds nothing there', async (_, sign) => {
    const envelope = await sign();
    await world.deps.serving.holds?.put(MODEL, envelope);
    await reconcileHolds(world.deps);
    expect(await wasAccepted(envelope)).toEqual([{ accepted: false }]);
    expect(await isHeld()).toBe(false);
  });

  it('that is none, or another act, is left alone in the spool and keeps nothing from going', async () => {
    const folder = join(serving, 'holds', MODEL);
    appendFileSync(join(folder, 'junk.jws'), 'a.b.c');
    await world.deps.serving.holds?.put(
      MODEL,
      await world.sign('freeze', PEOPLE.devops, { model: '', freeze: 'on', reason: REASON }),
    );
    await reconcileHolds(world.deps);
    await advanceClock(world.db.ownerUrl, 2 * 3_600_000);
    expect(await drive(world, id)).toMatchObject({ progress: { state: 'production' } });
  });

  it('does not hold a rollback back, and stays', async () => {
    const better = await staged(world, '1.4.0');
    await approved(world, better);
    await advanceClock(world.db.ownerUrl, 7 * 24 * 60 * 60_000);
    await drive(world, better);
    expect(await hold('on')).toMatchObject({ accepted: true });
    const back = { model: MODEL, from_version: '1.4.0', to_version: '1.2.0', reason: REASON };
    expect(await world.act('rollback', PEOPLE.devops, back)).toMatchObject({ accepted: true });
    expect([await isHeld(), await servedAsHeld()]).toEqual([true, true]);
  });

  it('that somebody took out of the serving directory is put back', async () => {
    rmSync(join(serving, 'holds'), { recursive: true });
    expect(await servedAsHeld()).toBe(false);
    await reconcileHolds(world.deps);
    expect(await servedAsHeld()).toBe(true);
    expect(readdirSync(join(serving, 'holds', MODEL))).toHaveLength(1);
  });

  it('is on the trail, and a row that is not, or other than the trail says, is found', async () => {
    expect(await verifyTrail(world.db.reader)).toMatchObject({ ok: true, unbacked: [] });
    await world.db.owner.query('ALTER TABLE switch DISABLE TRIGGER USER');
    await world.db.owner.query(`UPDATE switch SET is_on = false WHERE seq = (SELECT max(seq) FROM switch)`);
    expect((await verifyTrail(world.db.reader)).unbacked).toEqual([expect.stringMatching(/^hold by act .*not what event/)]);
    await world.db.owner.query(`UPDATE switch SET is_on = true, kind = 'freeze' WHERE seq = (SELECT max(seq) FROM switch)`);
    expect((await verifyTrail(world.db.reader)).unbacked).toEqual([expect.stringMatching(/its kind is "freeze"/)]);
    await world.db.owner.query(`DELETE FROM switch WHERE seq = (SELECT max(seq) FROM switch)`);
    expect((await verifyTrail(world.db.reader)).unbacked).toEqual([
      expect.stringMatching(/^the hold of event \d+ is not on the record$/),
    ]);
  });
});

async function forged(): Promise<string> {
  const opened = openEnvelope(await world.sign('hold', PEOPLE.devops, fields('on')));
  if (!opened.ok) throw new Error(opened.refusal.what);
  return await signEnvelope(opened.envelope.payload, await generateKey());
}

/** Has the re-checks made, so that only the change is left. */
async function untilDue(): Promise<void> {
  await inActivity(world.activities.runChecks, { promotionId: id });
  expect((await world.activities.standing({ promotionId: id })).kind).toBe('change');
}
