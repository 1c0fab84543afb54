import { describe, expect, it } from 'vitest';
import { eligibilityOf } from '../../domain/eligibility.js';
import { missing, nextOf } from '../../domain/lifecycle.js';
import { relaxedNumbers } from '../../domain/policy.js';
import { dueNotices } from '../../domain/reminders.js';
import { attempt, DAY, fourApprovals, policyWith, rechecksPassed, STAGED_AT } from '../support/attempt.js';

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

describe('a freeze window of the policy', () => {
  // The soak ends on a Monday at 08:00 UTC, which is 10:00 in Berlin.
  const freeze = { zone: 'Europe/Berlin', windows: [{ from: 'mon 09:00', to: 'mon 12:00' }] };
  const policy = { ...policyWith(), freeze };
  const opens = Date.parse('2026-09-14T10:00:00.000Z');

  it('holds what is ready until its end, which is waited for by the clock, and then it goes by itself', () => {
    const until = { kind: 'wait', until: opens, probe: true };
    expect(nextOf(attempt({ ...ready, policy }))).toEqual(until);
    expect(nextOf(attempt({ ...ready, policy, now: opens - 1 }))).toEqual(until);
    expect(nextOf(attempt({ ...ready, policy, now: opens })).kind).toBe('recheck');
    expect(nextOf(attempt({ ...ready, policy, now: opens, rechecks: rechecksPassed(opens) })).kind).toBe('change');
    expect(missing(attempt({ ...ready, policy }))).toEqual([
      'the end of the freeze window mon 09:00 → mon 12:00 (Europe/Berlin) at 2026-09-14T10:00:00.000Z',
    ]);
  });

  it('also behind the maximum; and with a switch that is on as well nobody knows for how long', () => {
    const late = { ...ready, policy, now: STAGED_AT + 14 * DAY };
    expect(nextOf(attempt(late))).toMatchObject({ kind: 'wait', until: STAGED_AT + 14 * DAY + opens - ready.now });
    expect(nextOf(attempt({ ...late, decisions: [] }))).toMatchObject({ to: 'expired' });
    expect(nextOf(attempt({ ...ready, policy, freezes }))).toEqual(waits);
  });

  it('is shown with its end by `check`, whose earliest moment takes it into account', () => {
    const condition = (now: number) => eligibilityOf(attempt({ policy, now })).conditions.find(({ kind }) => kind === 'freeze');
    expect(condition(ready.now)).toMatchObject({
      verdict: 'pending',
      measured: 'window mon 09:00 → mon 12:00 (Europe/Berlin) until 2026-09-14T10:00:00.000Z',
      who: 'time',
    });
    expect(condition(STAGED_AT + DAY)).toMatchObject({
      verdict: 'pass',
      measured: 'next window mon 09:00 → mon 12:00 (Europe/Berlin) from 2026-09-14T07:00:00.000Z',
    });
    expect(eligibilityOf(attempt({ policy, now: STAGED_AT + DAY }))).toMatchObject({
      earliest: '2026-09-14T10:00:00.000Z',
      minimumEndsAt: '2026-09-14T08:00:00.000Z',
    });
  });

  it('makes no policy looser than the guidelines', () => {
    expect(relaxedNumbers(policy, policyWith())).toEqual([]);
    expect(relaxedNumbers(policyWith(), policy)).toEqual([]);
  });
});
