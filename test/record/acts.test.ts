import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { ActType } from '../../domain/acts.js';
import { GATES } from '../../domain/policy.js';
import { advanceClock } from '../../platform/clock.js';
import { loadAttempt } from '../../platform/attempt.js';
import { GATE_PEOPLE, PEOPLE } from '../support/promotion.js';
import { drive, staged } from '../support/staged.js';
import { MODEL, EXAMPLE } from '../support/stack.js';
import { AT, makeWorld, type World } from '../support/world.js';

const DAY = 24 * 60 * 60_000;
const REASON = 'the site is closed for stocktaking';

let world: World;
let id: string;
let requester: string;
beforeAll(async () => {
  world = await makeWorld();
  id = await staged(world, '1.2.0');
  requester = (await loadAttempt(world.db.reader, id))?.requestedBy ?? '';
});
afterAll(() => world.close());

const by = (act: ActType, person: string, more = {}) =>
  world.act(act, person, { model: MODEL, version: '1.2.0', promotion: id, reason: REASON, ...more });
const now = async () => {
  const attempt = await loadAttempt(world.db.reader, id);
  if (!attempt) throw new Error(`no ${id}`);
  return attempt;
};
const lastEvent = async () => {
  const { rows } = await world.db.reader.query<{ body: string }>('SELECT body FROM audit_event ORDER BY seq DESC LIMIT 1');
  return JSON.parse(rows[0]?.body ?? '') as { action: string; actor: string; subject: string; detail: { reason?: string } };
};
const notices = async () => {
  const { rows } = await world.db.reader.query<{ kind: string; audience: string[] }>(
    'SELECT kind, audience FROM notice WHERE subject = $1 ORDER BY at, key',
    [id],
  );
  return rows.map(({ kind, audience }) => `${kind} to ${audience.join(' ')}`);
};

describe('acts of people on a soak, on the record with reason and audit event', () => {
  it('a person without the right is refused by identity, and nothing changes', async () => {
    for (const act of ['extend', 'pause', 'resume', 'withdraw', 'repin'] as const) {
      const more = act === 'extend' ? { by_ms: DAY } : act === 'repin' ? { policy_digest: 'a'.repeat(64) } : {};
      expect(await by(act, PEOPLE.business, more)).toMatchObject({
        accepted: false,
        refusal: { kind: 'identity', what: `right to ${act}` },
      });
    }
    expect((await now()).soak).toMatchObject({ pauses: [], extendedMs: 0 });
  });

  it('a reason of fewer than ten characters is none', async () => {
    const answer = await by('pause', PEOPLE.mlops, { reason: '         x' });
    expect(answer).toMatchObject({ accepted: false, refusal: { what: expect.stringContaining('reason') as string } });
  });

  it('pause stops both ends, resume starts them, and twice is a conflict', async () => {
    expect(await by('pause', PEOPLE.mlops)).toMatchObject({ accepted: true, result: { state: 'staging' } });
    expect(await lastEvent()).toMatchObject({
      action: 'soak.paused',
      actor: PEOPLE.mlops,
      subject: id,
      detail: { reason: REASON },
    });
    expect(await by('pause', PEOPLE.mlops)).toMatchObject({ accepted: false, refusal: { kind: 'conflict' } });
    await advanceClock(world.db.ownerUrl, 3 * DAY);
    const paused = await now();
    expect(paused.soak?.earnedMs).toBeLessThan(DAY);
    expect(await by('resume', PEOPLE.mlops)).toMatchObject({ accepted: true });
    expect(await by('resume', PEOPLE.mlops)).toMatchObject({ accepted: false, refusal: { kind: 'conflict' } });
    expect(await lastEvent()).toMatchObject({ action: 'act.refused' });
    const { soak } = await now();
    const [pause] = soak?.pauses ?? [];
    expect((pause?.to ?? 0) - (pause?.from ?? 0)).toBeGreaterThanOrEqual(3 * DAY);
  });

  it('extend moves the maximum by what was signed', async () => {
    expect(await by('extend', PEOPLE.mlops, { by_ms: 2 * DAY })).toMatchObject({ accepted: true });
    expect((await now()).soak?.extendedMs).toBe(2 * DAY);
    expect(await by('extend', PEOPLE.mlops, { by_ms: 100 * DAY })).toMatchObject({ accepted: false, refusal: { kind: 'rule' } });
  });

  it('repin pins the newest policy, voids the approvals, and runs the checks of a new round', async () => {
    const [[gate, person]] = GATE_PEOPLE;
    await world.activities.decide({ promotionId: id, envelope: await world.signDecision(id, person, gate) });
    const before = await now();
    const file = readFileSync(join(EXAMPLE, 'policy.yaml'), 'utf8');
    const { digest } = await world.deps.store.putBytes(`${file}\nchecks: { retries: 2 }\n`);
    await world.act('policy', `alice.admin${AT}`, { file: digest, model: MODEL });
    const newest = await world.db.reader.query<{ digest: string }>('SELECT digest FROM policy ORDER BY seq DESC LIMIT 1');
    const pinned = { policy_digest: newest.rows[0]?.digest ?? '' };
    expect(await by('repin', PEOPLE.mlops, { policy_digest: before.policyDigest })).toMatchObject({
      refusal: { kind: 'conflict' },
    });
    expect(await by('repin', PEOPLE.mlops, pinned)).toMatchObject({ accepted: true });
    expect(await by('repin', PEOPLE.mlops, pinned)).toMatchObject({ refusal: { kind: 'conflict', next: 'nothing to do' } });
    expect(await world.activities.standing({ promotionId: id })).toMatchObject({ kind: 'check' });
    const standing = await drive(world, id);
    expect(standing).toMatchObject({ kind: 'wait', progress: { state: 'staging' } });
    expect(standing.progress.gates.find((each) => each.gate === gate)).toMatchObject({ state: 'void', by: person });
    expect(await now()).toMatchObject({
      round: 2,
      policy: { checks: { retries: 2 } },
      soak: before.soak && { startedAt: before.soak.startedAt },
    });
  });

  it('reminders, escalation and the end are notices on the record, each once', async () => {
    await advanceClock(world.db.ownerUrl, 6 * DAY);
    await drive(world, id);
    await drive(world, id);
    const gates = ['business', 'devops', 'ds-team', 'security'];
    // Every group hears of it twice: the policy pinned meanwhile has opened its gate anew.
    expect((await notices()).filter((each) => each.startsWith('gate-unanswered')).sort()).toEqual(
      [...gates, ...gates].sort().map((group) => `gate-unanswered to ${group}`),
    );
    expect((await notices()).filter((each) => each.startsWith('gate-escalated'))).toEqual(
      gates.map(() => 'gate-escalated to mlops'),
    );
    expect(world.told.filter((each) => each.startsWith(`deliver ${id}/gate-unanswered`))).toHaveLength(2 * GATES.length);
  });

  it('only the requester withdraws; then the attempt has ended, is told, and a new one may be asked for', async () => {
    const other = (await now()).requestedBy === PEOPLE.mlops ? `marco.mlops${AT}` : PEOPLE.mlops;
    expect(await by('withdraw', other)).toMatchObject({ accepted: false, refusal: { kind: 'rule', allowed: requester } });
    expect(await by('withdraw', requester)).toMatchObject({ accepted: true, result: { state: 'withdrawn' } });
    expect(await now()).toMatchObject({ state: 'withdrawn', endReason: `withdrawn by ${requester}: ${REASON}` });
    expect(await notices()).toContain(`attempt-ended to ${requester} stakeholders`);
    expect(await by('pause', PEOPLE.mlops)).toMatchObject({ refusal: { kind: 'conflict', given: '1.2.0 is withdrawn' } });
    const fields = { model: MODEL, version: '1.2.0', from_stage: 'withdrawn', to_stage: 'staging' };
    expect(await world.act('request', PEOPLE.mlops, fields)).toMatchObject({
      accepted: true,
      result: { promotionId: `${MODEL}/1.2.0/2` },
    });
  });
});
