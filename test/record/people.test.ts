import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { ActPayload } from '../../domain/acts.js';
import { advanceClock } from '../../platform/clock.js';
import { verifyTrail } from '../../platform/read/audit-verify.js';
import { intrude } from '../read/intruder.js';
import { DAY } from '../read/life.js';
import { actAs, ALICE, ANTON, applicant, enrolled, enrolling, type Applicant } from '../support/people.js';
import { AT, makeWorld, type World } from '../support/world.js';

let world: World;
beforeAll(async () => {
  world = await makeWorld();
});
afterAll(() => world.close());

async function row(email: string) {
  const { rows } = await world.db.reader.query<Record<string, unknown>>('SELECT * FROM person WHERE email = $1', [email]);
  return rows[0];
}

describe('enrolment takes two administrators (R12)', () => {
  let carla: Applicant;
  it('the first half waits, the second completes it', async () => {
    carla = await applicant('carla.cole@example.com', 'Carla Cole');
    const first = await world.act('enrol', ALICE, enrolling(carla, 'security'));
    expect(first).toMatchObject({ accepted: true, result: { state: 'waiting' } });
    expect(await row(carla.email)).toBeUndefined();
    const second = await world.act('enrol', ANTON, enrolling(carla, 'security'));
    expect(second).toMatchObject({ accepted: true, result: { state: 'enrolled' } });
    expect(await row(carla.email)).toMatchObject({
      printed_name: 'Carla Cole',
      groups: ['security'],
      kid: carla.key.kid,
      assurance: 'enrolled',
      enrolled_by: `${ALICE}, ${ANTON}`,
    });
    const answer = await actAs(world, carla, 'freeze', { model: '', freeze: 'on', reason: 'to see what happens' });
    expect(answer.refusal).toMatchObject({ what: 'right to freeze' });
  });

  it('rotates, revokes and comes back', async () => {
    const next = await applicant(carla.email, carla.name);
    const rotated = await actAs(world, carla, 'rotate', { key: next.key.kid, request: next.request });
    expect(rotated).toMatchObject({ accepted: true, result: { state: 'rotated', key: next.key.kid } });
    const revoked = await world.act('revoke', ALICE, { email: carla.email, reason: 'she has left the company' });
    expect(revoked).toMatchObject({ accepted: true, result: { state: 'revoked' } });
    const again = await applicant(carla.email, carla.name);
    expect(await enrolled(world, again, 'security')).toMatchObject({ accepted: true, result: { state: 'changed' } });
    expect(await row(carla.email)).toMatchObject({ revoked_at: null, kid: again.key.kid });
  });

  it('the first half of a change says what it replaces, and a former name is nobody else’s', async () => {
    const renamed = await applicant(carla.email, 'Carla Two');
    const first = await world.act('enrol', ALICE, enrolling(renamed, 'security'));
    expect(first.result['replaces']).toEqual([
      'printed name Carla Cole',
      expect.stringMatching(/^key [\w-]{43}$/),
      expect.stringMatching(/^their approvals in open attempts/),
    ]);
    expect(await world.act('enrol', ANTON, enrolling(renamed, 'security'))).toMatchObject({ result: { state: 'changed' } });
    const double = await applicant('someone@example.com', 'CARLA C0LE');
    expect((await world.act('enrol', ALICE, enrolling(double, 'devops'))).refusal).toMatchObject({
      what: 'one human is one person: printed name',
    });
  });

  it('a first half lapses after seven days, and what was asked for may be asked for again', async () => {
    const dan = await applicant('dan.frost@example.com', 'Dan Frost');
    await world.act('enrol', ALICE, enrolling(dan, 'devops'));
    await advanceClock(world.db.ownerUrl, 7 * DAY + 1_000);
    expect(await world.act('enrol', ANTON, enrolling(dan, 'devops'))).toMatchObject({ result: { state: 'waiting' } });
    expect(await row(dan.email)).toBeUndefined();
    expect(await world.act('enrol', ALICE, enrolling(dan, 'devops'))).toMatchObject({ result: { state: 'enrolled' } });
  });

  it('a request that its key has not signed, or that is for another name, is refused', async () => {
    const [eve, fay] = [await applicant('eve.hart@example.com', 'Eve Hart'), await applicant('fay.lind@example.com', 'Fay Lind')];
    const refused = async (change: ActPayload) => (await world.act('enrol', ALICE, enrolling(eve, 'devops', change))).refusal;
    const [header, , signature] = eve.request.split('.');
    const forged = [header, fay.request.split('.')[1], signature].join('.');
    expect(await refused({ request: forged })).toMatchObject({ kind: 'identity', what: 'enrolment request' });
    expect(await refused({ request: fay.request })).toMatchObject({ kind: 'identity', what: 'e-mail' });
    expect(await refused({ name: 'Eva Hart' })).toMatchObject({ kind: 'identity', what: 'name' });
    expect(await refused({ request: '' })).toMatchObject({ kind: 'usage' });
  });

  it('only administrators enrol and revoke', async () => {
    const eve = await applicant('eve.hart@example.com', 'Eve Hart');
    const sara = `sara.security${AT}`;
    expect(await world.act('enrol', sara, enrolling(eve, 'devops'))).toMatchObject({ refusal: { what: 'right to enrol' } });
    const revoking = { email: ALICE, reason: 'she is in the way of things' };
    expect(await world.act('revoke', sara, revoking)).toMatchObject({ refusal: { what: 'right to revoke' } });
  });

  it('two administrators who revoke each other at the same moment leave one', async () => {
    const [gil, hal] = [await applicant('gil.ross@example.com', 'Gil Ross'), await applicant('hal.dunn@example.com', 'Hal Dunn')];
    for (const who of [gil, hal]) await enrolled(world, who, 'admin');
    for (const email of [ALICE, ANTON]) await actAs(world, gil, 'revoke', { email, reason: 'only gil and hal are left now' });
    const answers = await Promise.all([
      actAs(world, gil, 'revoke', { email: hal.email, reason: 'hal is revoked by gil' }),
      actAs(world, hal, 'revoke', { email: gil.email, reason: 'gil is revoked by hal' }),
    ]);
    expect(answers.filter(({ accepted }) => accepted)).toHaveLength(1);
  });

  it('a login of a worker cannot enrol by itself', async () => {
    const { rows } = await world.db.reader.query<{ hash: string }>(
      `SELECT hash FROM envelope WHERE act = 'enrol' AND accepted LIMIT 1`,
    );
    await expect(world.db.worker.query('SELECT enrol_person($1, $2)', [rows[0]?.hash, '{}'])).rejects.toMatchObject({
      code: 'GH002',
    });
    for (const statement of [
      `UPDATE person SET groups = '{admin}'`,
      `UPDATE person SET revoked_at = NULL`,
      `INSERT INTO person_key VALUES ('k', '${ALICE}', '{}', now())`,
      `DELETE FROM enrolment`,
    ])
      await expect(world.db.worker.query(statement)).rejects.toMatchObject({ code: '42501' });
    await expect(world.db.owner.query('DELETE FROM person_key')).rejects.toMatchObject({ code: 'GH002' });
    await expect(world.db.owner.query(`UPDATE person SET email = 'x@example.com'`)).rejects.toMatchObject({ code: 'GH002' });
    await expect(
      world.db.owner.query(`INSERT INTO person (email, printed_name, groups, kid, public_key, assurance, enrolled_by)
        VALUES ('sara.security+2${AT}', 'Sara', '{devops}', 'k', '{}', 'demo', 'x')`),
    ).rejects.toMatchObject({ constraint: 'one_mailbox' });
  });

  it('verifies, and what is edited is named', async () => {
    expect((await verifyTrail(world.db.reader)).unbacked).toEqual([]);
    const intruder = await intrude(world);
    try {
      for (const [statement, why] of [
        [`UPDATE person SET revoked_at = NULL WHERE email LIKE 'alice%'`, /person alice\S+ is not who event/],
        [`UPDATE person SET stands_since = now() WHERE email LIKE 'sara%'`, /its stands_since is/],
        [
          `DELETE FROM person_key WHERE person LIKE 'carla%' AND since = (SELECT min(since) FROM person_key WHERE person LIKE 'carla%')`,
          /key \S+ is on the trail and not on the record/,
        ],
        [
          `UPDATE person_key SET since = since - interval '1 day' WHERE person LIKE 'sara%'`,
          /key \S+ is not as the trail has it: its since/,
        ],
        [`INSERT INTO person_key SELECT 'x', person, public_key, since FROM person_key LIMIT 1`, /key x of \S+ is on no event/],
        [`DELETE FROM enrolment WHERE completes IS NOT NULL`, /the enrolment of event \d+ is not on the record/],
        [
          `UPDATE enrolment SET email = 'x@example.com' WHERE completes IS NULL`,
          /enrolment of event \d+ is another on the record: its email/,
        ],
        [
          `UPDATE installation SET environment = 'production', clock_offset = '0'`,
          /the installation is production, the trail has it as development/,
        ],
      ] as const)
        expect((await intruder.after(statement)).unbacked.join('\n'), statement).toMatch(why);
    } finally {
      await intruder.client.end();
    }
  });
});
