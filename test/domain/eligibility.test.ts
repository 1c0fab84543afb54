import { describe, expect, it } from 'vitest';
import { eligibilityOf } from '../../domain/eligibility.js';
import { attempt, DAY, fourApprovals, rechecksPassed, STAGED_AT } from '../support/attempt.js';

const now = STAGED_AT + 7 * DAY;
const ready = attempt({ now, decisions: fourApprovals(), rechecks: rechecksPassed(now) });

describe('whether a version may go into production', () => {
  it('it may when every condition is met', () => {
    expect(eligibilityOf(ready)).toMatchObject({ eligible: true, earliest: new Date(now).toISOString() });
  });

  it('not while it is paused, and then nobody knows when', () => {
    const pauses = [{ from: now, to: null, by: 'mia', reason: 'the site is closed' }];
    const { eligible, earliest, conditions } = eligibilityOf({ ...ready, soak: ready.soak && { ...ready.soak, pauses } });
    expect({ eligible, earliest }).toEqual({ eligible: false, earliest: null });
    expect(conditions.find(({ id }) => id === 'soak')).toMatchObject({
      verdict: 'pending',
      measured: '7d earned; paused by mia: the site is closed',
      who: 'group mlops: gatehouse resume',
    });
  });

  it('not while nobody with the right asks for it; once it is there, or has ended, nobody is asked again', () => {
    const askedBy = [{ act: 'request', person: 'mia', stands: false }] as const;
    const { eligible, conditions } = eligibilityOf({ ...ready, askedBy });
    expect(eligible).toBe(false);
    expect(conditions.filter(({ verdict }) => verdict === 'pending')).toMatchObject([
      { id: 'request', measured: 'mia has no key or right any more', who: 'group mlops, ds-team: gatehouse promote' },
    ]);
    expect(eligibilityOf({ ...ready, state: 'production', askedBy }).conditions.some(({ id }) => id === 'request')).toBe(false);
  });
});
