import { describe, expect, it } from 'vitest';
import { dueNotices, nextNoticeAt } from '../../domain/reminders.js';
import { attempt, DAY, decided, fourApprovals, policyWith, STAGED_AT } from '../support/attempt.js';

const HOUR = DAY / 24;
const policy = policyWith({ soak: { remind_before: [48 * HOUR, 12 * HOUR] } });
const soaking = (now: number, change = {}) => attempt({ now, policy, decisions: fourApprovals(), ...change });
/** What is missing although every gate is approved: nothing was earned. */
const unearned = (now: number, change = {}) => {
  const soak = { startedAt: STAGED_AT, earnedMs: 0, last: null, pauses: [], extendedMs: 0, ...change };
  return soaking(now, { soak });
};
const kinds = (of: ReturnType<typeof dueNotices>) => of.map(({ kind, audience }) => `${kind} to ${audience.join(' ')}`);

describe('rules §1, "reminders go out before (default 48 h and 12 h)"', () => {
  const end = STAGED_AT + 14 * DAY;

  it('the requester hears 48 h and 12 h before the maximum what is still missing, once each', () => {
    expect(dueNotices(unearned(end - 48 * HOUR - 1))).toEqual([]);
    const [first] = dueNotices(unearned(end - 48 * HOUR));
    expect(first).toMatchObject({
      kind: 'soak-ends',
      audience: ['mia'],
      body: expect.stringContaining('soak minimum') as string,
    });
    const told = { ...unearned(end - 48 * HOUR), told: [first?.key ?? ''] };
    expect(dueNotices(told)).toEqual([]);
    expect(nextNoticeAt(told)).toBe(end - 12 * HOUR);
    const [second] = dueNotices({ ...told, now: end - 12 * HOUR });
    expect(second?.key).not.toBe(first?.key);
  });

  it('whoever may ask hears it where the request no longer stands', () => {
    const askedBy = [{ act: 'request', person: 'mia', stands: false }] as const;
    const [notice] = dueNotices(soaking(end - 48 * HOUR, { askedBy }));
    expect(notice).toMatchObject({ kind: 'soak-ends', audience: policy.rights.promote });
  });

  it('a jump of the clock over both says it once', () => {
    expect(dueNotices(unearned(end - HOUR))).toHaveLength(1);
  });

  it('nobody is reminded where nothing is missing, nor while a pause is open', () => {
    expect(dueNotices(soaking(end - HOUR))).toEqual([]);
    const pauses = [{ from: STAGED_AT, to: null, by: 'mia', reason: 'the site is closed' }];
    expect(dueNotices(unearned(end - HOUR, { pauses }))).toEqual([]);
  });

  it('an extension is followed by reminders of the new end', () => {
    const [before] = dueNotices(unearned(end - HOUR));
    const after = { ...unearned(end + 3 * DAY - 12 * HOUR, { extendedMs: 3 * DAY }), told: [before?.key ?? ''] };
    expect(kinds(dueNotices(after))).toEqual(['soak-ends to mia']);
  });
});

describe('rules §3, "a gate that nobody has answered reminds its group, then its escalation group"', () => {
  const without = fourApprovals().slice(0, 3);

  it('its group after the first time, the escalation group after the second', () => {
    expect(dueNotices(soaking(STAGED_AT + 3 * DAY - 1, { decisions: without }))).toEqual([]);
    const reminded = soaking(STAGED_AT + 3 * DAY, { decisions: without });
    expect(kinds(dueNotices(reminded))).toEqual(['gate-unanswered to security']);
    const told = dueNotices(reminded).map(({ key }) => key);
    expect(kinds(dueNotices({ ...reminded, now: STAGED_AT + 5 * DAY, told }))).toEqual(['gate-escalated to mlops']);
  });

  it('an approval taken back opens the gate anew, and its time begins anew', () => {
    const back = STAGED_AT + 4 * DAY;
    const decisions = [...fourApprovals(), decided('security', 'sam', 'retract', { at: back })];
    expect(dueNotices(soaking(back + DAY, { decisions }))).toEqual([]);
    expect(kinds(dueNotices(soaking(back + 3 * DAY, { decisions })))).toEqual(['gate-unanswered to security']);
  });

  it('of four gates that nobody answers each is escalated, and time begins anew with another policy', () => {
    const late = soaking(STAGED_AT + 6 * DAY, { decisions: [] });
    expect(kinds(dueNotices(late)).filter((kind) => kind.startsWith('gate-escalated'))).toHaveLength(4);
    expect(dueNotices({ ...late, roundAt: STAGED_AT + 4 * DAY })).toEqual([]);
  });

  it('where every gate is answered only the end is left to remind of', () => {
    expect(nextNoticeAt(soaking(STAGED_AT))).toBe(STAGED_AT + 14 * DAY - 48 * HOUR);
    expect(nextNoticeAt(soaking(STAGED_AT + 7 * DAY))).toBeNull();
  });
});

describe('an attempt that has ended', () => {
  it.each(['rejected', 'expired', 'withdrawn'] as const)('%s is told once, with its reason', (state) => {
    const over = attempt({ state, endReason: 'because it is so' });
    const [notice, ...more] = dueNotices(over);
    expect(more).toEqual([]);
    expect(notice).toMatchObject({ kind: 'attempt-ended', audience: ['mia', 'stakeholders'], body: 'because it is so' });
    expect(dueNotices({ ...over, told: [notice?.key ?? ''] })).toEqual([]);
  });
});
