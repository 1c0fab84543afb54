import { describe, expect, it } from 'vitest';
import { eligibilityOf } from '../../domain/eligibility.js';
import { missing, nextOf } from '../../domain/lifecycle.js';
import { dueNotices } from '../../domain/reminders.js';
import { attempt, DAY, fourApprovals, rechecksPassed, STAGED_AT } from '../support/attempt.js';

const ready = { now: STAGED_AT + 7 * DAY, decisions: fourApprovals() };
const freezes = [{ model: null, since: STAGED_AT + DAY, by: 'olga', reason: 'an incident is being looked into' }];
const waits = { kind: 'wait', until: null, probe: true };

describe('rules §1, "freeze windows and a stop-the-line switch hold promotions back, never rollbacks"', () => {
  it('what is ready waits, re-checked or not, and says for what', () => {
    expect(nextOf(attempt({ ...ready, freezes }))).toEqual(waits);
    expect(nextOf(attempt({ ...ready, freezes, rechecks: rechecksPassed(ready.now) }))).toEqual(waits);
    expect(missing(attempt({ ...ready, freezes }))).toEqual([
      'the end of the freeze of all models (by olga: an incident is being looked into)',
    ]);
  });

  it('"a promotion that becomes ready in a freeze goes when it opens, after its re-check"', () => {
    const later = { ...ready, now: ready.now + DAY, rechecks: rechecksPassed(ready.now) };
    expect(nextOf(attempt({ ...later, freezes }))).toEqual(waits);
    expect(nextOf(attempt(later)).kind).toBe('recheck');
  });

  it('"ready wins" over expired, for as long as the freeze lasts; what is not ready expires in it', () => {
    const now = STAGED_AT + 20 * DAY;
    expect(nextOf(attempt({ ...ready, now, freezes }))).toEqual(waits);
    expect(dueNotices(attempt({ ...ready, now: STAGED_AT + 13 * DAY, freezes }))).toEqual([]);
    expect(nextOf(attempt({ now, freezes, decisions: fourApprovals().slice(1) }))).toMatchObject({
      kind: 'enter',
      to: 'expired',
    });
  });

  it('soak, gates and checks go on, and a rejection ends the attempt', () => {
    expect(nextOf(attempt({ freezes })).kind).toBe('wait');
    expect(nextOf(attempt({ freezes, findings: [] })).kind).toBe('check');
    expect(nextOf(attempt({ freezes, critical: 'its model is damaged' }))).toMatchObject({ to: 'rejected' });
  });

  it('is a condition of its own, and no moment can be named', () => {
    const { eligible, earliest, conditions } = eligibilityOf(attempt({ ...ready, freezes }));
    expect([eligible, earliest]).toEqual([false, null]);
    expect(conditions.find(({ kind }) => kind === 'freeze')).toMatchObject({
      verdict: 'pending',
      who: 'gatehouse freeze --lift',
    });
    expect(eligibilityOf(attempt(ready)).eligible).toBe(true);
  });
});
