import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { RECHECKS } from '../../domain/checks.js';
import { loadAttempt } from '../../platform/attempt.js';
import { advanceClock } from '../../platform/clock.js';
import { verifyTrail } from '../../platform/read/audit-verify.js';
import { readBundle } from '../../platform/read/bundle.js';
import { verifyAlone, written } from '../support/bundle.js';
import { GATE_PEOPLE } from '../support/promotion.js';
import { approveFirst, gatesOf, MUTATIONS, noticesOf, passRound } from '../support/rounds.js';
import { drive, inActivity, staged } from '../support/staged.js';
import { makeWorld, type World } from '../support/world.js';

const WEEK = 7 * 24 * 60 * 60_000;
const VERSION = '1.2.0';

let world: World;
let id: string;
beforeAll(async () => {
  world = await makeWorld();
  id = await staged(world, VERSION);
}, 120_000);
afterAll(() => world.close());

const round = async (): Promise<number> => (await loadAttempt(world.db.reader, id))?.round ?? 0;
const look = () => inActivity(world.activities.pollHealth, { promotionId: id }).catch((error: Error) => error.message);
/** `GATEHOUSE_MUTATIONS=all npx vitest run test/record/changed-package.test.ts` makes each after each of the four approvals. */
const isAll = process.env['GATEHOUSE_MUTATIONS'] === 'all';
const afterEachOfFour = MUTATIONS.flatMap(([kind, mutate], i) =>
  (isAll ? [1, 2, 3, 4] : [4 - (i % 4)]).map((gates) => [kind, gates, mutate] as const),
);

/** Expects that the first gates are void for a changed artifact, no gate counts any more, and that the attempt does not go. */
async function expectVoid(gates: number): Promise<void> {
  const { states, why } = await gatesOf(world, id);
  expect(states).not.toContain('approved');
  expect(new Set(states.slice(0, gates))).toEqual(new Set(['void']));
  for (const each of why.slice(0, gates)) expect(each).toMatch(/^artifact changed: /);
  expect(await world.activities.changeProduction({ promotionId: id })).toBe('not-due');
  expect(await world.activities.standing({ promotionId: id })).toMatchObject({ kind: 'check', progress: { state: 'staging' } });
}

describe('promises R14, "changed artifact voids approvals": found by the next look', () => {
  it.each(afterEachOfFour)('%s after %d of the four approvals', async (_kind, gates, mutate) => {
    const before = await round();
    await approveFirst(world, id, gates);
    const told = (await noticesOf(world, id, 'approval-void')).length;
    const mend = await mutate(world, VERSION);
    await look();
    expect(await round()).toBe(before + 1);
    await expectVoid(gates);
    expect(await noticesOf(world, id, 'approval-void')).toHaveLength(told + gates);
    mend();
    await passRound(world, id);
    // Put right again the round goes on, and nothing that was void counts again.
    expect((await gatesOf(world, id)).states).not.toContain('approved');
    expect(await look()).toMatch(/^healthy/);
    expect(await round()).toBe(before + 1);
  });

  it('the group, the author and the requester hear of each approval once, and why', async () => {
    const [gate, person] = GATE_PEOPLE[0];
    const first = (await noticesOf(world, id, 'approval-void')).find(({ title }) => title.includes(` ${gate} `));
    const requester = (await loadAttempt(world.db.reader, id))?.requestedBy;
    expect(first).toMatchObject({
      audience: ['ds-team', person, requester],
      title: `alzheimer_classifier ${VERSION}: an approval of gate ${gate} is void`,
      body: expect.stringMatching(/is void: artifact changed: \S+ does not have its SHA-256/) as string,
    });
  });

  it('every round is on the trail', async () => {
    expect(await verifyTrail(world.db.reader)).toMatchObject({ ok: true, unbacked: [] });
  });
});

describe('found at the change', () => {
  it.each(isAll ? MUTATIONS : MUTATIONS.slice(0, 4))('%s between the re-checks and the change', async (_kind, mutate) => {
    const before = await round();
    if (mutate === MUTATIONS[0]?.[1]) await advanceClock(world.db.ownerUrl, WEEK);
    await approveFirst(world, id, 4);
    await world.db.worker.query(
      `INSERT INTO check_result (promotion_id, round, phase, check_name, verdict, finding, took_ms, at)
       SELECT promotion_id, $2, 'recheck', check_name, verdict, finding, 0, gatehouse_now()
         FROM check_result WHERE promotion_id = $1 AND round = 1 AND phase = 'validation' AND check_name = ANY ($3)`,
      [id, before, RECHECKS],
    );
    expect(await world.activities.standing({ promotionId: id })).toMatchObject({ kind: 'change' });
    const mend = await mutate(world, VERSION);
    expect(await world.activities.changeProduction({ promotionId: id })).toBe('not-due');
    expect(await round()).toBe(before + 1);
    await expectVoid(4);
    mend();
    await passRound(world, id);
  });
});

describe('found by a re-check', () => {
  it('the checks of the new round speak once the package is right again, and the same people approve it anew', async () => {
    const before = await round();
    await approveFirst(world, id, 4);
    expect(await world.activities.standing({ promotionId: id })).toMatchObject({ kind: 'recheck' });
    const mend = await MUTATIONS[0]![1](world, VERSION);
    await inActivity(world.activities.runChecks, { promotionId: id });
    await expectVoid(4);
    mend();
    expect(await drive(world, id)).toMatchObject({ kind: 'wait', progress: { state: 'staging' } });
    expect(await round()).toBe(before + 1);
    await approveFirst(world, id, 4);
    expect(await drive(world, id)).toMatchObject({ kind: 'wait', progress: { state: 'production' } });
    expect(await verifyTrail(world.db.reader)).toMatchObject({ ok: true, unbacked: [] });
    const alone = await verifyAlone(written(await readBundle(world.db.reader, world.deps.store, id)));
    expect(alone.stdout).toContain('4 gates approved by');
    expect(alone.code).toBe(0);
  });
});

describe('a package that stays damaged', () => {
  it('opens one round, whose checks reject the attempt by the name of what is wrong', async () => {
    const better = await staged(world, '1.4.0');
    await approveFirst(world, better, 2);
    await MUTATIONS[0]![1](world, '1.4.0');
    await inActivity(world.activities.pollHealth, { promotionId: better });
    expect(await drive(world, better)).toMatchObject({ kind: 'ended', outcome: 'rejected' });
    expect(await loadAttempt(world.db.reader, better)).toMatchObject({
      round: 2,
      endReason: expect.stringMatching(/artifacts failed: model\.onnx does not have its SHA-256/) as string,
    });
    expect(await verifyTrail(world.db.reader)).toMatchObject({ ok: true, unbacked: [] });
  });
});
