import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { applyEnvelope } from '../../activities/registry/apply.js';
import type { ActPayload } from '../../domain/acts.js';
import { MODEL } from '../support/stack.js';
import { drive, request, staged } from '../support/staged.js';
import { AT, first, makeWorld, members, type World } from '../support/world.js';

let world: World;
let id: string;
let security: string;
let mlops: string;
beforeAll(async () => {
  world = await makeWorld();
  security = await first(world.db, 'security');
  mlops = await first(world.db, 'mlops');
  id = await staged(world, '1.2.0');
});
afterAll(() => world.close());

const payloadOf = (jws: string): ActPayload =>
  JSON.parse(Buffer.from(jws.split('.')[1] ?? '', 'base64url').toString()) as ActPayload;

async function gateState(promotionId: string): Promise<string | undefined> {
  const { progress } = await world.activities.standing({ promotionId });
  return progress.gates.find(({ gate }) => gate === 'security')?.state;
}

async function decisions(): Promise<number> {
  const { rows } = await world.db.reader.query<{ n: number }>('SELECT count(*) AS n FROM decision');
  return rows[0]?.n ?? 0;
}

describe('a valid approval, sent where or when it was not given (promises R11, S6, S8)', () => {
  it('to another installation, in which its person has the same key', async () => {
    const elsewhere = await makeWorld();
    try {
      // Test databases are copies of one, and so of one installation.
      await elsewhere.db.owner.query(
        `ALTER TABLE installation DISABLE TRIGGER keep_production; UPDATE installation SET id = gen_random_uuid()::text;
         ALTER TABLE installation ENABLE TRIGGER keep_production`,
      );
      const other = await staged(elsewhere, '1.2.0');
      const { rows } = await world.db.reader.query<{ kid: string; public_key: string }>(
        'SELECT kid, public_key FROM person WHERE email = $1',
        [security],
      );
      await elsewhere.db.owner.query('UPDATE person SET kid = $2, public_key = $3 WHERE email = $1', [
        security,
        rows[0]?.kid,
        rows[0]?.public_key,
      ]);
      const answer = await applyEnvelope(elsewhere.deps, await world.signDecision(id, security, 'security'), other);
      expect(answer).toMatchObject({ accepted: false, refusal: { kind: 'identity', what: 'installation' } });
    } finally {
      await elsewhere.close();
    }
  });

  it('with the payload of another act, or as another act, the signature holds no longer', async () => {
    const [header, , signature] = (await world.signDecision(id, security, 'security')).split('.');
    const approval = payloadOf(await world.signDecision(id, security, 'security'));
    const rollback = payloadOf(
      await world.sign('rollback', security, {
        model: MODEL,
        from_version: '',
        to_version: '1.2.0',
        reason: 'to see if it goes',
      }),
    );
    for (const payload of [rollback, { ...approval, decision: 'reject' }, { ...approval, gate: 'devops' }]) {
      const body = Buffer.from(JSON.stringify(payload)).toString('base64url');
      const answer = await applyEnvelope(world.deps, [header, body, signature].join('.'), id);
      expect(answer).toMatchObject({ accepted: false, refusal: { kind: 'identity', what: 'signature' } });
    }
  });

  it('after it was taken back: it answers what it answered, and counts no second time', async () => {
    const approval = await world.signDecision(id, security, 'security');
    const once = await applyEnvelope(world.deps, approval, id);
    expect(once).toMatchObject({ accepted: true });
    await applyEnvelope(world.deps, await world.signDecision(id, security, 'security', 'retract'), id);
    const before = await decisions();
    expect(await applyEnvelope(world.deps, approval, id)).toEqual(once);
    expect(await decisions()).toBe(before);
    expect(await gateState(id)).toBe('open');
  });

  it('in the next attempt of the same version', async () => {
    const approval = await world.signDecision(id, security, 'security');
    const [, other] = await members(world.db, 'security');
    await applyEnvelope(world.deps, await world.signDecision(id, other ?? '', 'security', 'reject'), id);
    const next = await request(world, '1.2.0', 'rejected');
    await drive(world, next);
    expect(next).not.toBe(id);
    for (const run of [next, null]) {
      const sent =
        run === null ? await world.sign('decision', security, { ...payloadOf(approval), nonce: crypto.randomUUID() }) : approval;
      const answer = await applyEnvelope(world.deps, sent, run);
      expect(answer.accepted).toBe(false);
      expect(answer.refusal?.what).toMatch(run === null ? /gates are open in staging only/ : /^promotion$/);
    }
    expect(await gateState(next)).toBe('open');
    id = next;
  });

  it('in the next round of the same attempt, anew with the old round or as it was', async () => {
    const approval = await world.signDecision(id, security, 'security');
    await applyEnvelope(world.deps, approval, id);
    const { digest } = await world.deps.store.putBytes(Buffer.from(`model: ${MODEL}\nsoak: { min: 8d }\n`));
    await world.act('policy', `alice.admin${AT}`, { model: MODEL, file: digest });
    const { rows } = await world.db.reader.query<{ digest: string }>('SELECT digest FROM policy ORDER BY seq DESC LIMIT 1');
    const reason = 'the soak was too short';
    const fields = { model: MODEL, version: '1.2.0', promotion: id, reason, policy_digest: rows[0]?.digest ?? '' };
    expect(await world.act('repin', mlops, fields)).toMatchObject({ accepted: true });
    await drive(world, id);
    expect(await gateState(id)).toBe('void');
    await applyEnvelope(world.deps, approval, id);
    expect(await gateState(id)).toBe('void');
    const now = payloadOf(await world.signDecision(id, security, 'security'));
    for (const [field, value] of Object.entries({ round: 1, policy_digest: payloadOf(approval)['policy_digest'] ?? '' })) {
      const answer = await applyEnvelope(world.deps, await world.sign('decision', security, { ...now, [field]: value }), id);
      expect(answer).toMatchObject({ accepted: false, refusal: { kind: 'identity', what: field } });
    }
    expect(await gateState(id)).toBe('void');
  });
});
