import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { verifyTrail } from '../../platform/read/audit-verify.js';
import { actAs, ALICE, ANTON, applicant, enrolled, enrolling, type Applicant } from '../support/people.js';
import { makeWorld, type World } from '../support/world.js';

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

  it('verifies', async () => {
    expect((await verifyTrail(world.db.reader)).unbacked).toEqual([]);
  });
});
