import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { A_REQUEST } from '../../domain/lifecycle.js';
import { advanceClock } from '../../platform/clock.js';
import { loadAttempt } from '../../platform/attempt.js';
import { readCheck } from '../../platform/read/check.js';
import { readStatus } from '../../platform/read/status.js';
import { registerLike } from '../support/copies.js';
import { GATE_PEOPLE, PEOPLE } from '../support/promotion.js';
import { drive, request } from '../support/staged.js';
import { MODEL } from '../support/stack.js';
import { AT, makeWorld, type World } from '../support/world.js';

const WEEK = 7 * 24 * 60 * 60_000;
const REQUESTER = `marco.mlops${AT}`;

let world: World;
const ids: Record<string, string> = {};
beforeAll(async () => {
  world = await makeWorld();
  for (const version of ['2.0.0', '2.1.0', '2.2.0']) {
    await registerLike(world, '1.2.0', version, PEOPLE.mlops);
    const id = await request(world, version);
    await drive(world, id);
    for (const [gate, person] of GATE_PEOPLE)
      await world.activities.decide({ promotionId: id, envelope: await world.signDecision(id, person, gate) });
    ids[version] = id;
  }
});
afterAll(() => world.close());

const owner = (text: string) => world.db.owner.query(text);
const change = (set: string, email = REQUESTER) => owner(`UPDATE person SET ${set} WHERE email = '${email}'`);
const standing = (version: string) => world.activities.standing({ promotionId: ids[version] ?? '' });
const stands = async (version: string) => (await loadAttempt(world.db.reader, ids[version] ?? ''))?.askedBy;
const waitsFor = async (version: string) => (await standing(version)).progress.waitingFor;
const ask = (version: string, by: string) =>
  world.act('promote', by, {
    model: MODEL,
    version,
    promotion: ids[version] ?? '',
    from_stage: 'staging',
    to_stage: 'production',
  });

describe('whoever asked for a promotion still has key and right at the production change', () => {
  it('a revoked requester, and one who is in no group with the right, do not: it counts again when they do', async () => {
    for (const [without, again] of [
      ['revoked_at = now()', 'revoked_at = NULL'],
      [`groups = '{business}'`, `groups = '{mlops}'`],
    ] as const) {
      await change(without);
      expect(await stands('2.0.0')).toEqual([{ act: 'request', person: REQUESTER, stands: false }]);
      expect(await waitsFor('2.0.0')).toEqual(['soak minimum', A_REQUEST]);
      await change(again);
      expect(await waitsFor('2.0.0')).toEqual(['soak minimum']);
    }
  });

  it('nor does a request that is not what was signed, whatever the record says', async () => {
    const other = `(SELECT envelope FROM promotion WHERE id = '${ids['2.2.0'] ?? ''}')`;
    const own = (await owner(`SELECT envelope FROM promotion WHERE id = '${ids['2.1.0'] ?? ''}'`)).rows as { envelope: string }[];
    await owner('ALTER TABLE envelope DISABLE TRIGGER USER; ALTER TABLE promotion DISABLE TRIGGER USER');
    const at = `WHERE hash = '${own[0]?.envelope ?? ''}'`;
    const { rows } = await world.db.owner.query<{ jws: string }>(`SELECT jws FROM envelope ${at}`);
    const jws = rows[0]?.jws ?? '';
    await owner(`UPDATE envelope SET jws = (SELECT jws FROM envelope WHERE hash = ${other}) ${at}`);
    expect(await stands('2.1.0')).toMatchObject([{ stands: false }]);
    await owner(`UPDATE envelope SET jws = '${jws.slice(0, -8)}${'A'.repeat(8)}' ${at}`);
    expect(await stands('2.1.0')).toMatchObject([{ stands: false }]);
    await owner(`UPDATE envelope SET jws = '${jws}' ${at}`);
    expect(await stands('2.1.0')).toMatchObject([{ stands: true }]);
    await owner(`UPDATE promotion SET requested_by = '${PEOPLE.mlops}' WHERE id = '${ids['2.1.0'] ?? ''}'`);
    expect(await stands('2.1.0')).toMatchObject([{ person: PEOPLE.mlops, stands: false }]);
    await owner(`UPDATE promotion SET requested_by = '${REQUESTER}' WHERE id = '${ids['2.1.0'] ?? ''}'`);
    await owner('ALTER TABLE envelope ENABLE TRIGGER USER; ALTER TABLE promotion ENABLE TRIGGER USER');
  });

  it('so an attempt that has all else waits, and check and status say for what', async () => {
    await change('revoked_at = now()');
    await advanceClock(world.db.ownerUrl, WEEK);
    expect(await standing('2.0.0')).toMatchObject({ kind: 'wait', progress: { state: 'staging', waitingFor: [A_REQUEST] } });
    expect(await world.activities.changeProduction({ promotionId: ids['2.0.0'] ?? '' })).toBe('not-due');
    const check = await readCheck(world.db.reader, { model: MODEL, version: '2.0.0' });
    expect(check).toMatchObject({ eligible: false });
    expect(check?.conditions.find(({ kind }) => kind === 'request')).toEqual({
      id: 'request',
      kind: 'request',
      verdict: 'pending',
      measured: `${REQUESTER} has no key or right any more`,
      limit: 'by somebody who has the right',
      source: 'signatures, people and the policy',
      who: 'group mlops, ds-team: gatehouse promote',
    });
    const status = await readStatus(world.db.reader, { model: MODEL, version: '2.0.0' });
    expect(status.models[0]?.versions[0]?.promotion?.waitingFor).toEqual([A_REQUEST]);
  });

  it('somebody with the right to promote takes the place, by asking for production; nobody else', async () => {
    expect(await ask('2.0.0', PEOPLE.business)).toMatchObject({ refusal: { kind: 'identity', what: 'right to promote' } });
    expect(await ask('2.0.0', REQUESTER)).toMatchObject({ accepted: false, refusal: { kind: 'identity' } });
    expect(await waitsFor('2.0.0')).toEqual([A_REQUEST]);
    expect(await ask('2.0.0', PEOPLE.dataScience)).toMatchObject({ accepted: true });
    expect(await stands('2.0.0')).toEqual([
      { act: 'request', person: REQUESTER, stands: false },
      { act: 'promote', person: PEOPLE.dataScience, stands: true },
    ]);
    await change('revoked_at = now()', PEOPLE.mlops);
    expect(await drive(world, ids['2.0.0'] ?? '')).toMatchObject({ progress: { state: 'production' } });
    const check = await readCheck(world.db.reader, { model: MODEL, version: '2.0.0' });
    expect(check?.conditions.some(({ kind }) => kind === 'request')).toBe(false);
    await change('revoked_at = NULL', PEOPLE.mlops);
  });

  it('who took the place has to keep key and right as well', async () => {
    expect(await ask('2.1.0', PEOPLE.mlops)).toMatchObject({ accepted: true });
    await change('revoked_at = now()', PEOPLE.mlops);
    expect(await waitsFor('2.1.0')).toEqual([A_REQUEST]);
    await change('revoked_at = NULL', PEOPLE.mlops);
    expect(await drive(world, ids['2.1.0'] ?? '')).toMatchObject({ progress: { state: 'production' } });
  });

  it('and where nobody does, the attempt expires and says why; whoever may ask is reminded before', async () => {
    await advanceClock(world.db.ownerUrl, WEEK - 24 * 60 * 60_000);
    await standing('2.2.0');
    const reminded = await world.db.reader.query<{ audience: string[]; body: string }>(
      `SELECT audience, body FROM notice WHERE subject = $1 AND kind = 'soak-ends' ORDER BY at DESC, key LIMIT 1`,
      [ids['2.2.0']],
    );
    expect(reminded.rows[0]).toMatchObject({
      audience: ['mlops', 'ds-team'],
      body: expect.stringContaining(A_REQUEST) as string,
    });
    await advanceClock(world.db.ownerUrl, 24 * 60 * 60_000);
    expect(await standing('2.2.0')).toMatchObject({ kind: 'ended', outcome: 'expired' });
    const ended = await loadAttempt(world.db.reader, ids['2.2.0'] ?? '');
    expect(ended?.endReason).toBe(`the soak maximum is over, missing: ${A_REQUEST}`);
  });

  it('a change by hand is one transaction with its act, in which the right is judged: there is no later moment to judge it at', async () => {
    const reason = 'it misses too many patients';
    const back = { model: MODEL, from_version: '2.1.0', to_version: '2.0.0', reason };
    expect(await world.act('rollback', REQUESTER, back)).toMatchObject({ accepted: false, refusal: { what: 'key' } });
    const rolledBack = await world.act('rollback', PEOPLE.devops, back);
    const retired = await world.act('retire', PEOPLE.mlops, { model: MODEL, version: '2.0.0', reason });
    const { rows } = await world.db.reader.query<{ envelope: string; together: boolean }>(
      `SELECT c.envelope, c.xmin = e.xmin AND c.xmin = a.xmin AS together FROM production_change c
         JOIN envelope e ON e.hash = c.envelope JOIN audit_event a ON a.action = 'production.changed' AND a.subject = c.key
        ORDER BY c.seq`,
    );
    expect(rows).toEqual([rolledBack, retired].map(({ hash: envelope }) => ({ envelope, together: true })));
  });
});
