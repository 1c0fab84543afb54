import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { ActPayload } from '../../domain/acts.js';
import type { Skip } from '../../domain/attempt.js';
import { glassFields } from '../../domain/break-glass-act.js';
import type { JsonValue } from '../../domain/canonical.js';
import { RECHECKS } from '../../domain/checks.js';
import { loadAttempt } from '../../platform/attempt.js';
import { advanceClock } from '../../platform/clock.js';
import { evidencePage } from '../../platform/page/evidence-page.js';
import { verifyTrail } from '../../platform/read/audit-verify.js';
import { readBundle } from '../../platform/read/bundle.js';
import { readCheck } from '../../platform/read/check.js';
import { readEvidence } from '../../platform/read/evidence.js';
import { readHistory } from '../../platform/read/history.js';
import { readStatus } from '../../platform/read/status.js';
import { intrude } from '../read/intruder.js';
import { edited, verifyAlone, written } from '../support/bundle.js';
import { GATE_PEOPLE, PEOPLE } from '../support/promotion.js';
import { drive, inActivity, staged } from '../support/staged.js';
import { MODEL } from '../support/stack.js';
import { AT, makeWorld, type World } from '../support/world.js';

const HOUR = 60 * 60_000;
const REASON = 'production misses every second patient';
const [MARIA, OLGA, OMAR] = [PEOPLE.mlops, PEOPLE.devops, `omar.devops${AT}`];

let world: World;
let id: string;
beforeAll(async () => {
  world = await makeWorld();
  id = await staged(world, '1.2.0');
});
afterAll(() => world.close());

async function sign(promotionId: string, person: string, skip: Skip, change: ActPayload = {}) {
  const attempt = await loadAttempt(world.db.reader, promotionId);
  if (!attempt) throw new Error(`no ${promotionId}`);
  const { model, version } = attempt;
  return world.act('break-glass', person, { model, version, ...glassFields(attempt), skip, reason: REASON }, change);
}

async function approveAll(promotionId: string): Promise<void> {
  for (const [gate, person] of GATE_PEOPLE)
    await world.activities.decide({ promotionId, envelope: await world.signDecision(promotionId, person, gate) });
}

/** A look at staging, as its health poll makes one; it asks to be called again. */
const look = (promotionId: string) => inActivity(world.activities.pollHealth, { promotionId }).catch(() => undefined);

async function rows<Row extends object>(sql: string, ...values: unknown[]): Promise<Row[]> {
  return (await world.db.reader.query<Row>(sql, values)).rows;
}

/** Asks PostgreSQL itself for the change, with re-checks that a worker invents, and undoes it. */
async function changeBy(glass: string[], before: readonly string[] = []): Promise<string> {
  const client = await world.db.owner.connect();
  try {
    await client.query('BEGIN');
    for (const statement of before) await client.query(statement);
    const rechecks = await client.query<{ id: number }>(
      `INSERT INTO check_result (promotion_id, round, phase, check_name, verdict, finding, took_ms, at)
       SELECT $1, 1, 'recheck', name, 'pass', '{}', 0, gatehouse_now() FROM unnest($2::text[]) AS name RETURNING id`,
      [id, RECHECKS],
    );
    const decisions = await client.query<{ envelope: string }>('SELECT envelope FROM decision WHERE promotion_id = $1', [id]);
    await client.query('SELECT change_production($1, $2, NULL, $3, $4, $5, 1, $6, $7)', [
      `promotion/${id}`,
      id,
      decisions.rows.map(({ envelope }) => envelope),
      rechecks.rows.map((row) => row.id),
      '{}',
      '{}',
      glass,
    ]);
    return 'done';
  } catch (error) {
    return (error as Error).message;
  } finally {
    await client.query('ROLLBACK');
    client.release();
  }
}

const signatures = async () =>
  (await rows<{ envelope: string }>('SELECT envelope FROM break_glass ORDER BY seq')).map(({ envelope }) => envelope);
const NOT_SOUND = /^a break-glass takes accepted signatures of this round by two people/;
const UNAUDITED = /^the audit event does not describe this change/;

describe('a break-glass', () => {
  it('is for those who have the right, and neither for the requester nor over anything else than the record has', async () => {
    expect(await sign(id, PEOPLE.business, 'soak')).toMatchObject({
      refusal: { kind: 'identity', what: 'right to break-glass' },
    });
    expect(await sign(id, `marco.mlops${AT}`, 'soak')).toMatchObject({
      refusal: { kind: 'rule', what: /registered this version/ },
    });
    for (const field of ['artifact_digest', 'evidence_digest', 'policy_digest'])
      expect(await sign(id, OLGA, 'soak', { [field]: 'a'.repeat(64) })).toMatchObject({
        refusal: { kind: 'identity', what: field },
      });
    expect(await sign(id, OLGA, 'soak', { round: 2 })).toMatchObject({ refusal: { what: 'round' } });
    expect(await signatures()).toEqual([]);
  });

  it('waits for a second person, who is another one, and says so', async () => {
    expect(await sign(id, OLGA, 'soak')).toMatchObject({
      accepted: true,
      result: { by: [OLGA], missing: expect.anything() as unknown },
    });
    expect(await sign(id, OLGA, 'soak')).toMatchObject({
      refusal: { kind: 'conflict', next: 'ask another person who has the right' },
    });
    const { models } = await readStatus(world.db.reader, {});
    expect(models[0]?.versions[0]?.promotion?.waitingFor.at(-1)).toMatch(`proposed by ${OLGA}`);
    const check = await readCheck(world.db.reader, { model: MODEL, version: '1.2.0' });
    expect(check?.conditions.find(({ kind }) => kind === 'soak')?.measured).toMatch(`proposed by ${OLGA}`);
  });

  it('expires after a day, when it has to be proposed anew', async () => {
    await advanceClock(world.db.ownerUrl, 24 * HOUR + 1);
    expect(await sign(id, OMAR, 'soak')).toMatchObject({ accepted: true, result: { by: [OMAR] } });
    expect(await rows('SELECT completes FROM break_glass')).toEqual([{ completes: null }, { completes: null }]);
  });

  it('completed by the second, it skips no gate', async () => {
    expect(await sign(id, MARIA, 'soak')).toMatchObject({ accepted: true, result: { by: [OMAR, MARIA], secondUntil: null } });
    expect(await sign(id, OLGA, 'soak')).toMatchObject({ refusal: { kind: 'conflict', what: 'the soak is skipped already' } });
    await look(id);
    expect(await drive(world, id)).toMatchObject({
      kind: 'wait',
      progress: {
        waitingFor: GATE_PEOPLE.map(([gate]) => `gate ${gate}`),
        breakGlass: [expect.stringContaining('the soak: break-glass by')],
      },
    });
  });

  it('PostgreSQL counts exactly two accepted signatures of this promotion and round, by two people, and of nobody else', async () => {
    await approveAll(id);
    await look(id);
    const [olga = '', omar = '', maria = ''] = await signatures();
    const without = (change: string) => [
      `ALTER TABLE break_glass DISABLE TRIGGER USER`,
      `ALTER TABLE envelope DISABLE TRIGGER USER`,
      change,
    ];
    expect(await changeBy([])).toMatch(/the soak minimum cannot be over before/);
    expect(await changeBy([omar])).toMatch(NOT_SOUND);
    expect(await changeBy([omar, omar])).toMatch(NOT_SOUND);
    expect(await changeBy([omar, maria, maria])).toMatch(NOT_SOUND);
    expect(await changeBy([olga, maria])).toMatch(NOT_SOUND);
    expect(await changeBy([omar, 'a'.repeat(64)])).toMatch(NOT_SOUND);
    expect(await changeBy([omar, maria])).toMatch(UNAUDITED);
    const of = `WHERE envelope = '${maria}'`;
    for (const change of [
      `UPDATE break_glass SET person = '${OMAR}' ${of}`,
      `UPDATE break_glass SET round = 2 ${of}`,
      `UPDATE break_glass SET skip = 'both' ${of}`,
      `UPDATE break_glass SET skip = 'freeze'`,
      `UPDATE envelope SET accepted = false WHERE hash = '${maria}'`,
      `UPDATE person SET revoked_at = gatehouse_now() WHERE email = '${MARIA}'`,
      `UPDATE promotion SET requested_by = '${MARIA}' WHERE id = '${id}'`,
      `UPDATE model_version_detail SET registered_by = '${OMAR}'`,
      `UPDATE break_glass SET at = at + interval '1 day 1 hour' ${of}`,
    ])
      expect(await changeBy([omar, maria], without(change)), change).toMatch(NOT_SOUND);
  });

  it('and it lets nothing else pass: a freeze, a pause, a check, a gate, a look, a revoked approver, a hold, a demo key in production', async () => {
    const [, omar = '', maria = ''] = await signatures();
    const glass = [omar, maria];
    const now = 'gatehouse_now()';
    const free = (table: string, change: string) => [`ALTER TABLE ${table} DISABLE TRIGGER USER`, change];
    const envelope = `(SELECT min(hash) FROM envelope)`;
    const frozen = `INSERT INTO switch (kind, is_on, reason, person, envelope, at) VALUES ('freeze', true, 'so', '${OLGA}', ${envelope}, ${now})`;
    const paused = `INSERT INTO soak_act (envelope, promotion_id, kind, person, reason, at) VALUES (${envelope}, '${id}', 'pause', '${OLGA}', 'so', ${now})`;
    const ill = `INSERT INTO performance_window (promotion_id, from_at, to_at, verdict, reason, earned_ms) VALUES ('${id}', ${now}, ${now}, 'unknown', '', 0)`;
    expect(await changeBy(glass, [frozen])).toBe('promotions are frozen');
    expect(await changeBy(glass, [paused])).toBe('the attempt is paused');
    expect(await changeBy(glass, [ill])).toBe('a break-glass takes a healthy last look at staging');
    expect(
      await changeBy(glass, free('check_result', `UPDATE check_result SET verdict = 'fail' WHERE check_name = 'latency'`)),
    ).toMatch(/not every check of this round has passed/);
    expect(await changeBy(glass, free('decision', `DELETE FROM decision WHERE gate = 'security'`))).toMatch(/four gates need/);
    expect(await changeBy(glass, [`UPDATE person SET revoked_at = ${now} WHERE email = '${PEOPLE.security}'`])).toMatch(
      /four gates need/,
    );
    const held = 'CREATE OR REPLACE FUNCTION is_held(p_model integer) RETURNS boolean LANGUAGE sql AS $$ SELECT true $$';
    expect(await changeBy(glass, [held])).toBe('the model is held');
    const production = `UPDATE installation SET clock_offset = '0', environment = 'production'`;
    expect(await changeBy(glass, [production])).toMatch(/four gates need/);
  });

  it('it goes at once after its re-checks, and a review is owed', async () => {
    await look(id);
    expect(await drive(world, id)).toMatchObject({ progress: { state: 'production' } });
    const told = await rows<{ action: string; detail: JsonValue }>(
      `SELECT action, body::jsonb -> 'detail' AS detail FROM audit_event WHERE subject = $1 AND action ~ '^(break-glass|review|production)' ORDER BY seq`,
      id,
    );
    expect(told.map(({ action }) => action)).toEqual([
      'break-glass.proposed',
      'break-glass.proposed',
      'break-glass.completed',
      'production.changed',
      'review.opened',
      // The review of how it does, which every promotion has.
      'review.opened',
    ]);
    const [, omar, maria] = await signatures();
    expect(told[3]?.detail).toMatchObject({
      breakGlass: [
        { skip: 'soak', person: OMAR, reason: REASON, envelope: omar },
        { skip: 'soak', person: MARIA, reason: REASON, envelope: maria },
      ],
    });
    const [review] = (await readStatus(world.db.reader, {})).models[0]?.reviews ?? [];
    expect(review).toMatchObject({ kind: 'break-glass', subject: id, owner: 'mlops', closedAt: null });
    expect(Date.parse(review?.dueAt ?? '') - Date.parse(review?.openedAt ?? '')).toBe(24 * HOUR);
    expect(await rows(`SELECT audience FROM notice WHERE kind = 'review-opened'`)).toEqual([
      { audience: ['stakeholders', 'mlops'] },
    ]);
    const history = await readHistory(world.db.reader, MODEL);
    expect(history.intervals[0]).toMatchObject({
      breakGlass: [
        { by: OMAR, skip: 'soak', reason: REASON },
        { by: MARIA, skip: 'soak', reason: REASON },
      ],
      review: { dueAt: review?.dueAt },
    });
    const page = await readEvidence(world.db.reader, { model: MODEL, version: '1.2.0' });
    expect(page?.evidence && evidencePage(page.evidence)).toMatch(/<h2>Break-glass<\/h2>[^]*omar\.devops[^]*signed by two/);
  });

  it('is in the bundle, which proves itself, and no longer when somebody else or nobody had signed', async () => {
    const bundle = await readBundle(world.db.reader, world.deps.store, id);
    expect((await verifyAlone(written(bundle))).stdout).toMatch(/BREAK-GLASS by omar\S+ \(soak\) and maria\S+ \(soak\)/);
    expect(await verifyAlone(written(bundle))).toMatchObject({ code: 0, stderr: '' });
    const signed = (edit: (glass: Record<string, unknown>[]) => unknown) =>
      edited(bundle, 'production.changed', (detail) => edit(detail['breakGlass'] as Record<string, unknown>[]));
    const forged: readonly (readonly [string, ReturnType<typeof signed>, RegExp])[] = [
      ['one', signed((glass) => glass.pop()), /omar.* may skip no soak/],
      ['one twice', signed((glass) => glass.splice(1, 1, glass[0] ?? {})), /omar.* may skip no soak/],
      ['another wait', signed((glass) => glass.forEach((each) => (each['skip'] = 'both'))), /omar.* may skip no both/],
      ['none', signed((glass) => glass.splice(0)), /the record of the change has another break-glass/],
      [
        'another reason',
        edited(bundle, 'break-glass.completed', (detail) => (detail['reason'] = 'as I was told')),
        /is not what maria.* signed/,
      ],
    ];
    for (const [what, other, why] of forged) {
      const ran = await verifyAlone(written(other));
      expect(ran, what).toMatchObject({ code: 1, stdout: expect.stringMatching(why) as string });
    }
  });

  it('holds on the trail, and what is edited is named', async () => {
    expect(await verifyTrail(world.db.reader)).toMatchObject({ ok: true, unbacked: [] });
    const [, omar = ''] = await signatures();
    const intruder = await intrude(world);
    try {
      for (const [edit, fault] of [
        [`UPDATE break_glass SET reason = 'none' WHERE envelope = '${omar}'`, /break-glass of .*its reason is "none"/],
        [`UPDATE break_glass SET completes = NULL WHERE completes IS NOT NULL`, /break-glass of .*its completes is null/],
        [`UPDATE break_glass SET skip = 'both' WHERE envelope = '${omar}'`, /production change of .* the break-glass of/],
        [`UPDATE break_glass SET person = '${OLGA}'`, /production change of .* is not by two people/],
        [`UPDATE break_glass SET at = at - interval '1 second'`, /break-glass of .*its on_time is false/],
        [`DELETE FROM break_glass`, /the break-glass of event \d+ is not on the record/],
        [`DELETE FROM envelope WHERE hash = '${omar}'`, /its signed act is not on the record/],
        [`UPDATE production_change SET break_glass = '{}'`, /speaks of another change/],
        [`UPDATE production_change SET record = replace(record, '${REASON}', 'none')`, /record says otherwise: its breakGlass/],
        [`UPDATE review SET due_at = due_at + interval '1 day'`, /review .* its due_at is/],
        [`UPDATE review SET opened_at = opened_at - interval '1 hour'`, /review .* its opened_at is/],
        [`UPDATE review SET owner_group = 'nobody'`, /review .* its owner is "nobody"/],
        [
          `UPDATE review SET closed_at = gatehouse_now(), closed_by = '${OLGA}', note = 'looked at'`,
          /review .*: it is closed, which no event says/,
        ],
        [`UPDATE review SET closed_envelope = '${omar}'`, /review .*: it is closed, which no event says/],
        [`DELETE FROM review`, /the review of event \d+ is not on the record/],
      ] as const)
        expect((await intruder.after(edit)).unbacked.join('\n'), edit).toMatch(fault);
    } finally {
      await intruder.client.end();
    }
  });
});
