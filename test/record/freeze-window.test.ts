import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { glassFields } from '../../domain/break-glass-act.js';
import { loadAttempt } from '../../platform/attempt.js';
import { databaseNow } from '../../platform/audit.js';
import { advanceClock } from '../../platform/clock.js';
import { verifyTrail } from '../../platform/read/audit-verify.js';
import { readCheck } from '../../platform/read/check.js';
import { GATE_PEOPLE, PEOPLE } from '../support/promotion.js';
import { drive, inActivity, staged } from '../support/staged.js';
import { EXAMPLE, MODEL } from '../support/stack.js';
import { AT, makeWorld, type World } from '../support/world.js';

const HOUR = 60 * 60_000;
const WEEK = 7 * 24 * HOUR;
const REASON = 'production misses every second patient';

let world: World;
let window: { from: string; to: string };
beforeAll(async () => {
  world = await makeWorld();
  // From an hour ago for two hours, every day: a week from now it holds as well.
  const now = Date.parse(await databaseNow(world.db.reader));
  const clock = (at: number) => new Date(at).toISOString().slice(11, 16);
  window = { from: clock(now - HOUR), to: clock(now + HOUR) };
  await registerPolicy(`freeze: { windows: [{ from: "${window.from}", to: "${window.to}" }] }`);
});
afterAll(() => world.close());

async function registerPolicy(more: string): Promise<string> {
  const file = readFileSync(join(EXAMPLE, 'policy.yaml'), 'utf8');
  const { digest } = await world.deps.store.putBytes(`${file}\n${more}\n`);
  const answer = await world.act('policy', `alice.admin${AT}`, { file: digest, model: MODEL });
  if (!answer.accepted) throw new Error(JSON.stringify(answer.refusal));
  return String(answer.result['policyDigest']);
}

async function approveAll(promotionId: string): Promise<void> {
  for (const [gate, person] of GATE_PEOPLE)
    await world.activities.decide({ promotionId, envelope: await world.signDecision(promotionId, person, gate) });
}

const look = (promotionId: string) => inActivity(world.activities.pollHealth, { promotionId }).catch(() => undefined);

async function breakGlass(promotionId: string, person: string) {
  const attempt = await loadAttempt(world.db.reader, promotionId);
  if (!attempt) throw new Error(`no ${promotionId}`);
  const { model, version } = attempt;
  const fields = { model, version, ...glassFields(attempt), skip: 'both', reason: REASON };
  return world.act('break-glass', person, fields);
}

describe('a freeze window of the pinned policy', () => {
  it('holds what is ready, in the transaction of the change as well, until its end; then it goes by itself', async () => {
    const id = await staged(world, '1.2.0');
    await approveAll(id);
    await advanceClock(world.db.ownerUrl, WEEK);
    const standing = await drive(world, id);
    expect(standing).toMatchObject({ kind: 'wait', probe: true });
    expect(standing.progress.waitingFor).toEqual([
      expect.stringContaining(`the end of the freeze window ${window.from} → ${window.to} (UTC) at`),
    ]);
    const until = standing.progress.waitingFor[0]?.split(' at ')[1] ?? '';
    const waitMs = standing.kind === 'wait' ? (standing.waitMs ?? 0) : 0;
    expect(Date.parse(standing.progress.asOf) + waitMs).toBe(Date.parse(until));
    expect(await world.activities.changeProduction({ promotionId: id })).toBe('not-due');
    const check = await readCheck(world.db.reader, { model: MODEL, version: '1.2.0' });
    expect(check?.earliest).toBe(until);
    await advanceClock(world.db.ownerUrl, waitMs);
    expect(await drive(world, id)).toMatchObject({ progress: { state: 'production' } });
  });

  it('is skipped by two people with the soak, for the round that they signed for and no other', async () => {
    await advanceClock(world.db.ownerUrl, 23 * HOUR);
    const id = await staged(world, '1.4.0');
    expect(await breakGlass(id, PEOPLE.devops)).toMatchObject({ accepted: true });
    expect(await breakGlass(id, `omar.devops${AT}`)).toMatchObject({ accepted: true, result: { secondUntil: null } });
    const digest = await registerPolicy(
      `freeze: { windows: [{ from: "${window.from}", to: "${window.to}" }] }\nchecks: { retries: 2 }`,
    );
    const repinned = { model: MODEL, version: '1.4.0', promotion: id, reason: REASON, policy_digest: digest };
    expect(await world.act('repin', PEOPLE.mlops, repinned)).toMatchObject({ accepted: true });
    await drive(world, id);
    await approveAll(id);
    await look(id);
    expect((await drive(world, id)).progress.waitingFor).toEqual(['soak minimum', expect.stringContaining('the freeze window')]);
    const old = await world.db.reader.query<{ envelope: string }>('SELECT envelope FROM break_glass ORDER BY seq');
    const signed = old.rows.map(({ envelope }) => envelope);
    await expect(world.db.owner.query('SELECT glass_skips($1, $2)', [id, signed])).rejects.toThrow(/signatures of this round/);

    expect(await breakGlass(id, PEOPLE.devops)).toMatchObject({ accepted: true });
    expect(await breakGlass(id, `omar.devops${AT}`)).toMatchObject({ accepted: true });
    await look(id);
    expect(await drive(world, id)).toMatchObject({ progress: { state: 'production' } });
    expect(await verifyTrail(world.db.reader)).toMatchObject({ ok: true, unbacked: [] });
  });
});
