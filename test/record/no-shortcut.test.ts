import { appendFileSync, chmodSync, readFileSync, writeFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { RECHECKS } from '../../domain/checks.js';
import { GATES } from '../../domain/policy.js';
import { advanceClock } from '../../platform/clock.js';
import { loadPackage } from '../../platform/package.js';
import { GATE_PEOPLE } from '../support/promotion.js';
import { approveFirst } from '../support/rounds.js';
import { drive, inActivity, staged } from '../support/staged.js';
import { MODEL } from '../support/stack.js';
import { AT, first, makeWorld, type World } from '../support/world.js';

const DAY = 24 * 60 * 60_000;

let world: World;
let id: string;
beforeAll(async () => {
  world = await makeWorld();
  id = await staged(world, '1.2.0');
});
afterAll(() => world.close());

async function count(sql: string, ...values: unknown[]): Promise<number> {
  const { rows } = await world.db.reader.query<{ n: number }>(`SELECT count(*) AS n FROM ${sql}`, values);
  return Number(rows[0]?.n);
}

const rechecks = () => count(`check_result WHERE phase = 'recheck' AND promotion_id = $1`, id);

describe('no way around the moment of the production change', () => {
  it('a re-check that is asked for before it is due is not made', async () => {
    await inActivity(world.activities.runChecks, { promotionId: id });
    expect(await rechecks()).toBe(0);
  });

  it('one envelope delivered four times at once is one decision with one answer', async () => {
    const [[gate, person]] = GATE_PEOPLE;
    const envelope = await world.signDecision(id, person, gate);
    const answers = await Promise.all(GATES.map(() => world.activities.decide({ promotionId: id, envelope })));
    for (const { answer } of answers) expect(answer).toEqual(answers[0]?.answer);
    expect(answers[0]?.answer).toMatchObject({ accepted: true });
    expect(await count('decision WHERE promotion_id = $1', id)).toBe(1);
    const refused = await world.signDecision(id, person, 'security');
    const again = await Promise.all(GATES.map(() => world.activities.decide({ promotionId: id, envelope: refused })));
    for (const { answer } of again) expect(answer).toEqual(again[0]?.answer);
    expect(again[0]?.answer).toMatchObject({ accepted: false });
    expect(await count('envelope WHERE hash = $1', again[0]?.answer.hash)).toBe(1);
  });

  it('PostgreSQL refuses a change before the minimum has passed, whatever was earned by the rows', async () => {
    for (const [gate, person] of GATE_PEOPLE.slice(1)) {
      const { answer } = await world.activities.decide({ promotionId: id, envelope: await world.signDecision(id, person, gate) });
      expect(answer.refusal).toBeNull();
    }
    const invented = await world.db.worker.connect();
    try {
      await invented.query('BEGIN');
      const { rows } = await invented.query<{ id: number }>(
        `INSERT INTO check_result (promotion_id, round, phase, check_name, verdict, finding, took_ms, at)
         SELECT $1, 1, 'recheck', name, 'pass', '{}', 0, gatehouse_now() FROM unnest($2::text[]) AS name RETURNING id`,
        [id, RECHECKS],
      );
      const decisions = await invented.query<{ envelope: string }>('SELECT envelope FROM decision WHERE promotion_id = $1', [id]);
      await expect(
        invented.query('SELECT change_production($1, $2, NULL, $3, $4, $5, 1, $6)', [
          `promotion/${id}`,
          id,
          decisions.rows.map(({ envelope }) => envelope),
          rows.map((row) => row.id),
          '{}',
          '{}',
        ]),
      ).rejects.toThrow(/the soak minimum cannot be over before/);
    } finally {
      await invented.query('ROLLBACK');
      invented.release();
    }
  });

  it('an artifact that is damaged between re-check and change stops the change, and is approved anew when it is mended', async () => {
    await advanceClock(world.db.ownerUrl, 7 * DAY);
    const due = await world.activities.standing({ promotionId: id });
    expect(due.kind).toBe('recheck');
    await inActivity(world.activities.runChecks, { promotionId: id });
    expect(await world.activities.standing({ promotionId: id })).toMatchObject({ kind: 'change' });

    const { rows } = await world.db.reader.query<{ artifact_digest: string }>('SELECT artifact_digest FROM model_version_detail');
    const loaded = await loadPackage(world.deps.store, rows[0]?.artifact_digest ?? '');
    if (!loaded.ok) throw new Error('no package');
    const path = world.deps.store.pathOf(loaded.manifest.files.find((file) => file.path === 'model.onnx')?.sha256 ?? '');
    const good = readFileSync(path);
    chmodSync(path, 0o644);
    appendFileSync(path, 'x');
    expect(await world.activities.changeProduction({ promotionId: id })).toBe('not-due');
    expect(await world.activities.standing({ promotionId: id })).toMatchObject({
      kind: 'check',
      progress: { state: 'staging', gates: GATES.map((gate) => ({ gate, state: 'void' })) },
    });

    writeFileSync(path, good);
    expect(await drive(world, id)).toMatchObject({ kind: 'wait', progress: { state: 'staging' } });
    await approveFirst(world, id, 4);
    expect(await drive(world, id)).toMatchObject({ kind: 'wait', progress: { state: 'production' } });
  });
});

describe('rules §3, "whoever registered or requested the version decides no gate"', () => {
  it('whoever asked for an earlier attempt of it is not waited for either', async () => {
    const dana = `dana.datascience${AT}`;
    const fields = { model: MODEL, version: '1.4.0', to_stage: 'staging' };
    await world.register('1.4.0', await first(world.db, 'mlops'));
    const asked = await world.act('request', dana, { ...fields, from_stage: 'registered' });
    const earlier = String(asked.result['promotionId']);
    await drive(world, earlier);
    const envelope = await world.signDecision(earlier, `sara.security${AT}`, 'security', 'reject');
    await world.activities.decide({ promotionId: earlier, envelope });
    const again = await world.act('request', await first(world.db, 'mlops'), { ...fields, from_stage: 'rejected' });
    const promotionId = String(again.result['promotionId']);
    await drive(world, promotionId);
    const own = await world.signDecision(promotionId, dana, 'data-science');
    const { answer } = await world.activities.decide({ promotionId, envelope: own });
    expect(answer.refusal).toMatchObject({ kind: 'rule', what: `self-approval: ${dana} requested this version` });
  });
});
