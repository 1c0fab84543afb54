import { ApplicationFailure } from '@temporalio/common';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { createActivities, type Activities } from '../../activities/index.js';
import type { Deps } from '../../activities/registry/deps.js';
import { lookAt } from '../../activities/watch/look.js';
import { recordLook } from '../../activities/watch/record-look.js';
import { known, unknown, type LiveReading } from '../../domain/live.js';
import { advanceClock } from '../../platform/clock.js';
import { verifyTrail } from '../../platform/read/audit-verify.js';
import { versionsInService, type InService } from '../../platform/read/live.js';
import { PEOPLE } from '../support/promotion.js';
import { approved, promoted } from '../support/served.js';
import { MODEL } from '../support/stack.js';
import { inActivity, staged } from '../support/staged.js';
import { eventually } from '../support/stack.js';
import { makeWorld, type World } from '../support/world.js';

const HOUR = 60 * 60_000;
const WEEK = 7 * 24 * HOUR;
const REASON = 'the feed was broken, not the model';

const failing: LiveReading = {
  service: known({ requests: 1_000, errors: 60, latency: { p50: 1, p95: 2, p99: 3 } }),
  labels: unknown('no data', 'no label has arrived'),
};

let world: World;
let deps: Deps;
let next: string;
beforeAll(async () => {
  world = await makeWorld();
  const source = {
    name: 'prediction-log',
    read: () => Promise.resolve(failing),
    features: () => Promise.resolve(unknown('no data', 'no features')),
  };
  deps = { ...world.deps, sources: () => source };
  await promoted(world, '1.2.0');
  await promoted(world, '1.4.0');
  next = await staged(world, '1.5.0');
  await approved(world, next);
  await advanceClock(world.db.ownerUrl, WEEK);
});
afterAll(() => world.close());

let before: number;
beforeEach(async () => {
  before = (await changes()).length;
});

interface Change {
  readonly kind: string;
  readonly from_version: string | null;
  readonly to_version: string | null;
}

async function changes(): Promise<Change[]> {
  const { rows } = await world.db.reader.query<Change>(
    'SELECT kind, from_version, to_version FROM production_change ORDER BY seq',
  );
  return rows;
}

/** A worker sees that the version in production fails, records it, and is gone before it does anything about it. */
async function breach(): Promise<InService> {
  const [watched] = await versionsInService(world.db.reader, { model: MODEL });
  if (!watched) throw new Error('nothing is in production');
  const { signal } = new AbortController();
  const look = await lookAt(deps, watched, { trainingOf: () => Promise.resolve(undefined), signal });
  expect(await recordLook(deps, watched, look)).toMatchObject({ mayBeDue: true });
  return watched;
}

/** What a worker that has just started makes of the watch. */
async function poll({ changeKey }: InService): Promise<'left' | 'goes on'> {
  const { pollWatch }: Activities = createActivities(deps);
  try {
    return (await inActivity(pollWatch, { changeKey })).kind === 'left' ? 'left' : 'goes on';
  } catch (error) {
    if (error instanceof ApplicationFailure && error.type === 'NextLook') return 'goes on';
    throw error;
  }
}

/** Runs both while the model is locked, so that they wait for it in this order, and then lets go of it. */
async function queued<A, B>(first: () => Promise<A>, second: () => Promise<B>): Promise<[A, B]> {
  const holder = await world.db.owner.connect();
  try {
    await holder.query('BEGIN');
    await holder.query('SELECT 1 FROM model_registry WHERE name = $1 FOR UPDATE', [MODEL]);
    const both: [Promise<A>, Promise<B>] = [untilWaiting(first, 1), untilWaiting(second, 2)];
    await eventually(async () => (await waiting()) === 2);
    await holder.query('COMMIT');
    return await Promise.all(both);
  } finally {
    holder.release();
  }
}

const waiting = async (): Promise<number> => {
  const { rows } = await world.db.reader.query<{ n: number }>(
    `SELECT count(DISTINCT pid)::int AS n FROM pg_locks
      WHERE NOT granted AND pid IN (SELECT pid FROM pg_stat_activity WHERE datname = current_database())`,
  );
  return rows[0]?.n ?? 0;
};

/** The n-th to wait does not begin before those before it do. */
async function untilWaiting<T>(work: () => Promise<T>, n: number): Promise<T> {
  await eventually(async () => (await waiting()) === n - 1);
  return await work();
}

/** One change was made, to this version, which alone is in production, and the trail bears it out. */
async function oneChange(made: Change): Promise<void> {
  const all = await changes();
  expect(all.slice(before)).toEqual([made]);
  all.slice(1).forEach((change, at) => expect(change.from_version).toBe(all[at]?.to_version));
  const { rows } = await world.db.reader.query(`SELECT version FROM model_version_detail WHERE status = 'production'`);
  expect(rows).toEqual([{ version: made.to_version }]);
  expect(await verifyTrail(world.db.reader)).toMatchObject({ ok: true, unbacked: [] });
}

const release = (version: string) => world.act('release', PEOPLE.mlops, { model: MODEL, version, reason: REASON });
const byHand = (from: string, to: string) =>
  world.act('rollback', PEOPLE.devops, { model: MODEL, from_version: from, to_version: to, reason: REASON });
const promote = () => world.activities.changeProduction({ promotionId: next });

describe('an automatic rollback and another change at the same moment: the first is made, the second is not', () => {
  it('the rollback before a promotion', async () => {
    await inActivity(world.activities.runChecks, { promotionId: next });
    const watched = await breach();
    expect(await queued(() => poll(watched), promote)).toEqual(['left', 'not-due']);
    await oneChange({ kind: 'automatic', from_version: '1.4.0', to_version: '1.2.0' });
  });

  it('a promotion before the rollback', async () => {
    // What was restored has its cool-down behind it, and somewhere to go back to.
    expect(await release('1.4.0')).toMatchObject({ accepted: true });
    await advanceClock(world.db.ownerUrl, HOUR);
    await inActivity(world.activities.runChecks, { promotionId: next });
    const watched = await breach();
    expect(await queued(promote, () => poll(watched))).toEqual(['done', 'left']);
    await oneChange({ kind: 'promotion', from_version: '1.2.0', to_version: '1.5.0' });
  });

  it('the rollback before one by hand to a third version', async () => {
    const watched = await breach();
    const [polled, answer] = await queued(
      () => poll(watched),
      () => byHand('1.5.0', '1.4.0'),
    );
    expect([polled, answer]).toMatchObject(['left', { accepted: false, refusal: { kind: 'conflict', allowed: '1.2.0' } }]);
    await oneChange({ kind: 'automatic', from_version: '1.5.0', to_version: '1.2.0' });
  });

  it('one by hand to a third version before the rollback', async () => {
    expect(await release('1.5.0')).toMatchObject({ accepted: true });
    await advanceClock(world.db.ownerUrl, HOUR);
    const watched = await breach();
    const [answer, polled] = await queued(
      () => byHand('1.2.0', '1.4.0'),
      () => poll(watched),
    );
    expect([answer, polled]).toMatchObject([{ accepted: true }, 'left']);
    await oneChange({ kind: 'rollback', from_version: '1.2.0', to_version: '1.4.0' });
  });
});

describe('a worker that dies between a window and the rollback that it calls for', () => {
  it('has it made by the next look, whoever takes it', async () => {
    const watched = await breach();
    expect((await changes()).slice(before)).toEqual([]);
    expect(await poll(watched)).toBe('left');
    await oneChange({ kind: 'automatic', from_version: '1.4.0', to_version: '1.5.0' });
    expect(await poll(watched)).toBe('left');
    expect(world.told.filter((each) => each === `follow automatic/${watched.changeSeq}`)).toHaveLength(1);
  });
});
