import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { EnrolmentRequest } from '../../platform/enrolment-request.js';
import { enrolDemoPeople } from '../../platform/demo-people.js';
import { enrolFirst } from '../../platform/first-administrators.js';
import { makeProduction } from '../../platform/production.js';
import { verifyTrail } from '../../platform/read/audit-verify.js';
import { copyDatabase, type TestDatabase } from '../support/database.js';
import { actAs, ALICE, ANTON, applicant, enrolling, type Applicant } from '../support/people.js';
import { makeWorld } from '../support/world.js';

let db: TestDatabase;
beforeAll(async () => {
  db = await copyDatabase();
});
afterAll(() => db.close());

const asked = ({ email, name, key }: Applicant): EnrolmentRequest => ({ email, name, kid: key.kid, publicJwk: key.publicJwk });
const first = async (who: Applicant, ...groups: string[]) => enrolFirst(db.ownerUrl, asked(who), groups);

describe('an installation of a company', () => {
  it('is made production once, before anything is signed in it, and says so on the trail', async () => {
    expect(await makeProduction(db.ownerUrl)).toBe(true);
    expect(await makeProduction(db.ownerUrl)).toBe(false);
    expect(await enrolDemoPeople({ ownerUrl: db.ownerUrl, keysDir: '/nowhere' })).toEqual([]);
    expect(await verifyTrail(db.reader)).toMatchObject({ ok: true, events: 1, unbacked: [] });
  });

  it('gets its first two administrators from its owner, and no more', async () => {
    const [ada, ben, cyd] = await Promise.all(
      [
        ['ada.hill@example.com', 'Ada Hill'],
        ['ben.marsh@example.com', 'Ben Marsh'],
        ['cyd.stone@example.com', 'Cyd Stone'],
      ].map(([email = '', name = '']) => applicant(email, name)),
    );
    if (!ada || !ben || !cyd) throw new Error('nobody');
    await expect(first(ada, 'mlops')).rejects.toMatchObject({ refusal: { kind: 'rule', given: 'mlops' } });
    expect(await first(ada, 'admin')).toBe(1);
    await expect(first(ada, 'admin')).rejects.toMatchObject({ refusal: { kind: 'conflict' } });
    const double = { ...ben, email: 'ada.hill+2@example.com' };
    await expect(first(double, 'admin')).rejects.toMatchObject({ refusal: { what: 'one human is one person: e-mail' } });
    expect(await first(ben, 'admin', 'mlops')).toBe(2);
    await expect(first(cyd, 'admin')).rejects.toMatchObject({
      refusal: { kind: 'rule', what: 'there are 2 administrators already' },
    });
    const { rows } = await db.reader.query<{ action: string; actor: string }>(
      'SELECT action, actor FROM audit_event ORDER BY seq',
    );
    expect(rows.slice(1)).toEqual([
      { action: 'person.enrolled', actor: 'owner' },
      { action: 'person.enrolled', actor: 'owner' },
    ]);
    expect(await verifyTrail(db.reader)).toMatchObject({ ok: true, unbacked: [] });
  });
});

describe('an installation that was tried out', () => {
  it('stays development, and its demo administrators are none of the first two', async () => {
    const world = await makeWorld();
    try {
      await expect(makeProduction(world.db.ownerUrl)).rejects.toMatchObject({
        refusal: { kind: 'rule', what: expect.stringMatching(/stays development: people have signed/) as string },
      });
      const ada = await applicant('ada.hill@example.com', 'Ada Hill');
      expect(await enrolFirst(world.db.ownerUrl, asked(ada), ['admin'])).toBe(1);
      const dan = await applicant('dan.frost@example.com', 'Dan Frost');
      expect(await actAs(world, ada, 'enrol', enrolling(dan, 'devops'))).toMatchObject({ accepted: true });
      expect(await world.act('enrol', ALICE, enrolling(dan, 'devops'))).toMatchObject({ result: { state: 'enrolled' } });
      expect(await actAs(world, ada, 'revoke', { email: ANTON, reason: 'real people are here now' })).toMatchObject({
        accepted: true,
      });
      expect(await verifyTrail(world.db.reader)).toMatchObject({ ok: true, unbacked: [] });
    } finally {
      await world.close();
    }
  });
});
