import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { ActAnswer } from '../../workflows/messages.js';
import type { Gate } from '../../domain/policy.js';
import { MODEL } from '../support/stack.js';
import { staged } from '../support/staged.js';
import { first, makeWorld, members, type World } from '../support/world.js';

let world: World;
let id: string;
let security: string[];
beforeAll(async () => {
  world = await makeWorld();
  id = await staged(world, '1.2.0');
  security = await members(world.db, 'security');
});
afterAll(() => world.close());

const decide = async (envelope: string): Promise<ActAnswer> =>
  (await world.activities.decide({ promotionId: id, envelope })).answer;

async function stateOf(gate: Gate): Promise<string | undefined> {
  const { progress } = await world.activities.standing({ promotionId: id });
  return progress.gates.find((each) => each.gate === gate)?.state;
}

async function count(where: string): Promise<number> {
  const { rows } = await world.db.reader.query<{ n: number }>(`SELECT count(*) AS n FROM ${where}`);
  return rows[0]?.n ?? 0;
}

describe('an approval is bound to exactly what was seen (design §4)', () => {
  const other = 'b'.repeat(64);
  it.each([
    ['installation', 'another-installation'],
    ['environment', 'production'],
    ['promotion', `${MODEL}/1.2.0/2`],
    ['round', 2],
    ['model', 'another_model'],
    ['version', '1.4.0'],
    ['from_stage', 'registered'],
    ['to_stage', 'archived'],
    ['artifact_digest', other],
    ['feature_hash', other],
    ['evidence_digest', other],
    ['policy_digest', other],
    ['meaning', 'I have not looked'],
    ['person', 'simon.security@duetmind.example'],
    ['printed_name', 'Somebody Else'],
    ['issued', '2999-01-01T00:00:00.000Z'],
    ['expires', '9999-12-31T23:59:59.999Z'],
    ['expires', '2020-01-01T00:00:00.000Z'],
  ])('with another %s it is refused by that name, on the record, and changes nothing', async (field, value) => {
    const before = await count(`audit_event WHERE action = 'act.refused'`);
    const answer = await decide(await world.signDecision(id, security[0] ?? '', 'security', 'approve', { [field]: value }));
    expect(answer).toMatchObject({ accepted: false, refusal: { kind: 'identity', what: field } });
    expect(await count(`audit_event WHERE action = 'act.refused'`)).toBe(before + 1);
    expect(await stateOf('security')).toBe('open');
  });

  it('with a moment that no calendar has it cannot be read', async () => {
    const envelope = await world.signDecision(id, security[0] ?? '', 'security', 'approve', {
      expires: '2026-13-45T00:00:00.000Z',
    });
    expect(await decide(envelope)).toMatchObject({
      accepted: false,
      refusal: { what: expect.stringContaining('expires is not of its form') as string },
    });
  });

  it("signed with another person's key it is refused", async () => {
    const envelope = await world.signDecision(id, security[0] ?? '', 'security');
    const [header, , signature] = (await world.signDecision(id, security[1] ?? '', 'security')).split('.');
    const forged = [header, envelope.split('.')[1], signature].join('.');
    expect(await decide(forged)).toMatchObject({ accepted: false, refusal: { kind: 'identity', what: 'signature' } });
  });

  it('sent to the run of another promotion it is refused', async () => {
    const another = await staged(world, '1.4.0');
    const envelope = await world.signDecision(id, security[0] ?? '', 'security');
    const { answer } = await world.activities.decide({ promotionId: another, envelope });
    expect(answer).toMatchObject({ accepted: false, refusal: { what: 'promotion' } });
  });
});

describe('the same approval twice, and many at once', () => {
  it('delivered by update and signal at the same moment it counts once and both hear the same', async () => {
    const envelope = await world.signDecision(id, security[0] ?? '', 'security');
    const answers = await Promise.all([decide(envelope), decide(envelope), decide(envelope)]);
    expect(answers.map(({ accepted }) => accepted)).toEqual([true, true, true]);
    expect(await count(`decision WHERE envelope = '${answers[0]?.hash}'`)).toBe(1);
    expect(await count(`audit_event WHERE action = 'decision.approved'`)).toBe(1);
  });

  it('two people at one gate at the same moment: one is taken', async () => {
    const business = await members(world.db, 'business');
    const envelopes = await Promise.all(business.map((person) => world.signDecision(id, person, 'business')));
    const answers = await Promise.all(envelopes.map(decide));
    expect(answers.filter(({ accepted }) => accepted)).toHaveLength(1);
  });

  it('one person at two gates at the same moment: one is taken', async () => {
    const person = await first(world.db, 'devops');
    await world.db.owner.query(`UPDATE person SET groups = '{devops,ds-team}' WHERE email = $1`, [person]);
    const envelopes = await Promise.all(
      (['devops', 'data-science'] as const).map((gate) => world.signDecision(id, person, gate)),
    );
    const answers = await Promise.all(envelopes.map(decide));
    expect(answers.filter(({ accepted }) => accepted)).toHaveLength(1);
    expect(answers.find(({ accepted }) => !accepted)?.refusal).toMatchObject({
      kind: 'rule',
      what: expect.stringContaining('second gate') as string,
    });
  });
});

describe('what no longer holds does not count', () => {
  it('an approval whose author lost the group is void, and the gate waits again', async () => {
    await world.db.owner.query(`UPDATE person SET groups = '{business}' WHERE email = $1`, [security[0]]);
    expect(await stateOf('security')).toBe('void');
    await world.db.owner.query(`UPDATE person SET groups = '{security}' WHERE email = $1`, [security[0]]);
    expect(await stateOf('security')).toBe('approved');
  });

  it('an approval by a key that was revoked is void', async () => {
    await world.db.owner.query(`UPDATE person SET revoked_at = now() WHERE email = $1`, [security[0]]);
    expect(await stateOf('security')).toBe('void');
    expect(await decide(await world.signDecision(id, security[0] ?? '', 'security'))).toMatchObject({
      refusal: { kind: 'identity', what: 'key' },
    });
    await world.db.owner.query(`UPDATE person SET revoked_at = NULL WHERE email = $1`, [security[0]]);
  });

  it('a decision that a stolen worker login invents never counts, because nobody signed it', async () => {
    const person = (await members(world.db, 'ds-team'))[0] ?? '';
    const invented = 'c'.repeat(64);
    const answer = JSON.stringify({ accepted: true, hash: invented, refusal: null, result: {} });
    await world.db.worker.query(
      `WITH e AS (INSERT INTO envelope (hash, act, person, subject, jws, received_at, accepted, answer)
         VALUES ($1, 'decision', $2, $3, 'a.b.c', now(), true, $4))
       INSERT INTO decision (envelope, promotion_id, round, gate, decision, person, comment, received_at)
         VALUES ($1, $3, 1, 'devops', 'approve', $2, '', now())`,
      [invented, person, id, answer],
    );
    const { progress } = await world.activities.standing({ promotionId: id });
    expect(progress.gates.filter(({ by, state }) => by === person && state === 'approved')).toEqual([]);
  });
});

describe('refusals are kept', () => {
  it('twenty of a kind in full, then counted', async () => {
    const person = (await members(world.db, 'security'))[1] ?? '';
    for (let tries = 0; tries < 25; tries += 1)
      await decide(await world.signDecision(id, person, 'security', 'approve', { round: 9 }));
    expect(await count(`envelope WHERE subject = '${id}' AND person = '${person}' AND NOT accepted`)).toBe(20);
    const counted = await world.signDecision(id, person, 'security', 'approve', { round: 9 });
    const before = await decide(counted);
    expect(await decide(counted)).toEqual(before);
    expect(await count(`refusal_counted WHERE subject = '${id}'`)).toBe(6);
  });
});
