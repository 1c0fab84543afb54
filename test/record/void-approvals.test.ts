import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createActivities } from '../../activities/index.js';
import { ModelRefused } from '../../activities/checks/model-refused.js';
import { loadAttempt } from '../../platform/attempt.js';
import { advanceClock } from '../../platform/clock.js';
import { verifyTrail } from '../../platform/read/audit-verify.js';
import { readStatus } from '../../platform/read/status.js';
import { GATE_PEOPLE, PEOPLE } from '../support/promotion.js';
import { approveFirst, gatesOf, noticesOf, passRound } from '../support/rounds.js';
import { inActivity, staged } from '../support/staged.js';
import { EXAMPLE, MODEL } from '../support/stack.js';
import { AT, makeWorld, type World } from '../support/world.js';
import { intrude } from '../read/intruder.js';

const HOUR = 60 * 60_000;
const ALL_VOID = ['void', 'void', 'void', 'void'];

let world: World;
let id: string;
beforeAll(async () => {
  world = await makeWorld();
  const file = `${readFileSync(join(EXAMPLE, 'policy.yaml'), 'utf8')}\nsoak: { warning: resets }\n`;
  const { digest } = await world.deps.store.putBytes(file);
  await world.act('policy', `alice.admin${AT}`, { model: MODEL, file: digest });
  id = await staged(world, '1.2.0');
}, 120_000);
afterAll(() => world.close());

const now = async () => {
  const attempt = await loadAttempt(world.db.reader, id);
  if (!attempt) throw new Error(`no ${id}`);
  return attempt;
};
const told = async () => (await noticesOf(world, id, 'approval-void')).length;
const unbacked = async () => (await verifyTrail(world.db.reader)).unbacked.join('\n');

/** What the database's owner can do to a finding of a round, whatever its triggers say. */
async function alter(round: number, from: string, to: string): Promise<void> {
  const { rows } = await world.db.owner.query<{ changed: number }>(
    `WITH off AS (SELECT 1) SELECT count(*) AS changed FROM check_result
      WHERE promotion_id = $1 AND round = $2 AND check_name = 'lineage' AND finding LIKE '%' || $3 || '%'`,
    [id, round, from],
  );
  expect(Number(rows[0]?.changed)).toBe(1);
  await world.db.owner.query(
    `ALTER TABLE check_result DISABLE TRIGGER append_only;
     UPDATE check_result SET finding = replace(finding, '${from}', '${to}')
      WHERE promotion_id = '${id}' AND round = ${round} AND check_name = 'lineage';
     ALTER TABLE check_result ENABLE TRIGGER append_only`,
  );
}

describe('rules §3, "when the evidence changes, earlier approvals are void and say so"', () => {
  it.each([1, 2])('a finding of round %d altered by hand opens the next, and audit verify names it', async (round) => {
    await approveFirst(world, id, 4);
    expect(await unbacked()).toBe('');
    const before = await told();
    await alter(round, '"verdict":"pass"', '"verdict":"pass" ');
    // Other bytes of the same finding are the same evidence.
    expect((await gatesOf(world, id)).states).not.toContain('void');
    await alter(round, '"verdict":"pass" ', '"verdict":"pass"');
    await alter(round, '"reason":""', '"reason":"by hand"');
    expect(await world.activities.standing({ promotionId: id })).toMatchObject({ kind: 'check', progress: { state: 'staging' } });
    const { states, why } = await gatesOf(world, id);
    expect(states).toEqual(ALL_VOID);
    for (const each of why) expect(each).toMatch(/^evidence changed: evidence_digest was [0-9a-f]{12}…, is [0-9a-f]{12}…$/);
    expect(await now()).toMatchObject({ round: round + 1, findings: [] });
    expect(await told()).toBe(before + 4);
    expect(await world.activities.changeProduction({ promotionId: id })).toBe('not-due');
    expect(await unbacked()).toMatch(new RegExp(`findings in round ${round} of ${id} are not the evidence of event`));
    await alter(round, '"reason":"by hand"', '"reason":""');
    expect(await unbacked()).toBe('');
    await passRound(world, id);
  });
});

describe('a statement of an earlier round', () => {
  it('is refused by the name of the field round, also while the new one is measured; its author approves anew', async () => {
    const { round } = await now();
    const [gate, person] = GATE_PEOPLE[0];
    const old = () => world.signDecision(id, person, gate, 'approve', { round: round - 1 });
    const { answer } = await world.activities.decide({ promotionId: id, envelope: await old() });
    expect(answer).toMatchObject({ accepted: false, refusal: { kind: 'identity', what: 'round', allowed: String(round) } });
    await approveFirst(world, id, 1);
    expect((await gatesOf(world, id)).states).toEqual(['approved', 'void', 'void', 'void']);
  });

  it('"one person decides at most one gate" holds over the new round alone', async () => {
    const olga = PEOPLE.devops;
    await world.db.owner.query(`UPDATE person SET groups = '{devops,business}' WHERE email = $1`, [olga]);
    // She approved devops in the rounds before.
    const business = await world.signDecision(id, olga, 'business');
    expect((await world.activities.decide({ promotionId: id, envelope: business })).answer).toMatchObject({ accepted: true });
    const devops = await world.signDecision(id, olga, 'devops');
    expect((await world.activities.decide({ promotionId: id, envelope: devops })).answer).toMatchObject({
      refusal: { kind: 'rule', what: expect.stringContaining('second gate') as string },
    });
    await world.activities.decide({ promotionId: id, envelope: await world.signDecision(id, olga, 'business', 'retract') });
    await world.db.owner.query(`UPDATE person SET groups = '{devops}' WHERE email = $1`, [olga]);
  });
});

describe('promises R15, a key or a role that is revoked', () => {
  const [gate, person] = GATE_PEOPLE[0];

  it.each([
    [`revoked_at = now()`, 'revoked_at = NULL', /^key revoked: what dana/],
    [`groups = '{business}'`, `groups = '{ds-team}'`, /^left the group: dana\.datascience@\S+ is not in ds-team$/],
  ])('%s makes the approval void at the next settling, told once; the round goes on', async (change, back, why) => {
    const [before, { round }] = [await told(), await now()];
    await world.db.owner.query(`UPDATE person SET ${change} WHERE email = $1`, [person]);
    const first = await gatesOf(world, id);
    expect([first.states[0], first.why[0]]).toEqual(['void', expect.stringMatching(why)]);
    await gatesOf(world, id);
    const notices = await noticesOf(world, id, 'approval-void');
    expect(notices).toHaveLength(before + 1);
    expect(notices.at(-1)).toMatchObject({ audience: ['ds-team', person, (await now()).requestedBy] });
    const { models } = await readStatus(world.db.reader, {});
    const shown = models[0]?.versions[0]?.promotion?.gates.find((each) => each.gate === gate);
    expect(shown).toMatchObject({ state: 'void', by: person, why: expect.stringMatching(why) as string });
    expect(await now()).toMatchObject({ round });
    await world.db.owner.query(`UPDATE person SET ${back} WHERE email = $1`, [person]);
    expect((await gatesOf(world, id)).states[0]).toBe('approved');
  });
});

describe('the soak restarted (design §4)', () => {
  const wobbling = () =>
    createActivities({
      ...world.deps,
      models: { ...world.deps.models, predict: () => Promise.reject(new ModelRefused('crashed', 'the model crashed')) },
    });
  const look = (activities: World['activities']) =>
    inActivity(activities.pollHealth, { promotionId: id }).catch((error: Error) => error.message);

  it('a warning that takes earned time and covers an approval opens one round for the whole stretch', async () => {
    await advanceClock(world.db.ownerUrl, HOUR);
    const before = await now();
    expect(before.soak?.earnedMs).toBeGreaterThanOrEqual(HOUR);
    await look(wobbling());
    expect(await now()).toMatchObject({ round: before.round + 1, soak: { earnedMs: 0 } });
    const { why } = await gatesOf(world, id);
    expect(why[0]).toMatch(/^soak restarted: \d+ s of it were earned; the model crashed$/);
    await passRound(world, id);
    await approveFirst(world, id, 4);
    for (let looks = 0; looks < 3; looks += 1) expect(await look(wobbling())).toBe('warning');
    expect(await now()).toMatchObject({ round: before.round + 1 });
    expect((await gatesOf(world, id)).states).not.toContain('void');
  });

  it('one with nothing approved opens none', async () => {
    for (const [gate, person] of GATE_PEOPLE)
      await world.activities.decide({ promotionId: id, envelope: await world.signDecision(id, person, gate, 'retract') });
    await advanceClock(world.db.ownerUrl, HOUR);
    const { round } = await now();
    expect(await look(wobbling())).toMatch(/^warning/);
    expect(await now()).toMatchObject({ round, soak: { earnedMs: 0 } });
    expect(await unbacked()).toBe('');
  });
});

describe('another policy', () => {
  it('voids what was approved, and the people hear of it', async () => {
    await approveFirst(world, id, 4);
    const before = await told();
    const { digest } = await world.deps.store.putBytes(
      `${readFileSync(join(EXAMPLE, 'policy.yaml'), 'utf8')}\nchecks: { retries: 2 }\n`,
    );
    await world.act('policy', `alice.admin${AT}`, { model: MODEL, file: digest });
    const newest = await world.db.reader.query<{ digest: string }>('SELECT digest FROM policy ORDER BY seq DESC LIMIT 1');
    const fields = { model: MODEL, version: '1.2.0', promotion: id, reason: 'the load test is repeated' };
    expect(await world.act('repin', PEOPLE.mlops, { ...fields, policy_digest: newest.rows[0]?.digest ?? '' })).toMatchObject({
      accepted: true,
    });
    expect(await told()).toBe(before + 4);
    const { why } = await gatesOf(world, id);
    expect(new Set(why)).toEqual(new Set(['policy re-pinned']));
  });
});

describe('PostgreSQL itself', () => {
  it('opens no round over one in which nobody approved, nor one that its event does not describe', async () => {
    const { round } = await now();
    const event = (detail: object) => JSON.stringify({ action: 'round.opened', subject: id, detail });
    const detail = { from: round, to: round + 1, reason: 'artifact changed', what: 'x' };
    const open = (of: object, reason = 'artifact changed') =>
      world.db.worker.query('SELECT open_round($1, $2, $3)', [id, reason, event(of)]);
    await expect(open(detail)).rejects.toThrow(/nobody has approved anything in round/);
    await passRound(world, id);
    await approveFirst(world, id, 1);
    await expect(open({ ...detail, to: round + 2 })).rejects.toThrow(/does not describe/);
    await expect(open(detail, 'soak restarted')).rejects.toThrow(/does not describe/);
    await expect(open({ ...detail, reason: 'a whim' }, 'a whim')).rejects.toThrow(/check constraint/);
  });
});

describe('a person who is revoked by an act', () => {
  it('hears that their approval is void, at the settling that the act asks for', async () => {
    const person = PEOPLE.business;
    await world.activities.decide({ promotionId: id, envelope: await world.signDecision(id, person, 'business') });
    const before = await told();
    const answer = await world.act('revoke', `alice.admin${AT}`, { email: person, reason: 'she has left the company' });
    expect(answer).toMatchObject({ accepted: true });
    expect(world.told).toContain(`nudge ${id}`);
    const { states, why } = await gatesOf(world, id);
    expect([states[2], why[2]]).toEqual(['void', expect.stringMatching(/^key revoked: /)]);
    expect(await told()).toBe(before + 1);
  });
});

describe('audit verify holds rounds and their events against each other', () => {
  it('names a round without its event, an event without its round, and one that says otherwise', async () => {
    const intruder = await intrude(world);
    try {
      const last = `promotion_id = '${id}' AND round = 2`;
      for (const [statement, fault] of [
        [`DELETE FROM round_opened WHERE ${last}`, /round 2 of \S+ is on event \d+ and not on the record/],
        [
          `UPDATE round_opened SET reason = 'soak restarted' WHERE ${last}`,
          /round 2 of \S+ is not what event \d+ says: its reason/,
        ],
        [`UPDATE round_opened SET what = 'nothing' WHERE ${last}`, /round 2 of \S+ is not what event \d+ says: its what/],
        [
          `UPDATE round_opened SET at = at - interval '1 hour' WHERE ${last}`,
          /round 2 of \S+ is not what event \d+ says: its time/,
        ],
        [`INSERT INTO round_opened VALUES ('${id}', 99, 'soak restarted', 'x', now())`, /round 99 of \S+ is on no event/],
        [`UPDATE promotion SET round = round + 1 WHERE id = '${id}'`, /is in round \d+, the trail has it in round \d+/],
      ] as const)
        expect((await intruder.after(statement)).unbacked.join('\n')).toMatch(fault);
    } finally {
      await intruder.client.end();
    }
  });
});
