import { describe, expect, it } from 'vitest';
import { CHECKS } from '../../domain/checks.js';
import { A_REQUEST, missing, nextOf, RECHECK_AGAIN_MS, RECHECK_FRESH_MS } from '../../domain/lifecycle.js';
import {
  allPassed,
  attempt,
  DAY,
  MINUTE,
  decided,
  finding,
  fourApprovals,
  recheck,
  rechecksPassed,
  STAGED_AT,
} from '../support/attempt.js';

const ready = { now: STAGED_AT + 7 * DAY, decisions: fourApprovals() };

describe('rules §1, validating', () => {
  it('runs exactly the checks without a verdict', () => {
    const half = attempt({ state: 'validating', findings: allPassed.slice(0, 7) });
    expect(nextOf(half)).toEqual({ kind: 'check', checks: ['latency', 'resources', 'checklist'] });
  });

  it('"validating → staging: all automated checks pass"; skipped passes only for a reason its own rule names', () => {
    const skipped = allPassed.map((each) =>
      each.check === 'not-worse-than-production' ? finding(each.check, 'skipped', 'no production version yet') : each,
    );
    expect(nextOf(attempt({ state: 'validating', findings: skipped }))).toMatchObject({ kind: 'enter', to: 'staging' });
    const otherwise = allPassed.map((each) => (each.check === 'lineage' ? finding('lineage', 'skipped', 'no time') : each));
    expect(nextOf(attempt({ state: 'validating', findings: otherwise }))).toMatchObject({ kind: 'enter', to: 'rejected' });
  });

  it('"the report names every failing check, not the first", and an error is never a pass', () => {
    const wrong = [finding('artifacts', 'fail', 'one byte differs'), finding('not-worse-than-production', 'error', 'no runtime')];
    const findings = allPassed.map((each) => wrong.find(({ check }) => check === each.check) ?? each);
    const next = nextOf(attempt({ state: 'validating', findings }));
    expect(next).toMatchObject({ kind: 'enter', to: 'rejected' });
    expect(JSON.stringify(next)).toMatch(/artifacts failed: one byte differs; not-worse-than-production error: no runtime/);
  });
});

describe('rules §1, staging → production "by itself, at the first moment all of it is true"', () => {
  it('waits for the soak until exactly 7 days are earned', () => {
    const early = attempt({ ...ready, now: STAGED_AT + 7 * DAY - 1 });
    expect(nextOf(early)).toEqual({ kind: 'wait', until: STAGED_AT + 7 * DAY, probe: true });
    expect(nextOf(attempt(ready)).kind).toBe('recheck');
  });

  it('a minimum that lacks only a look waits one interval, not nothing at all', () => {
    const now = STAGED_AT + 7 * DAY;
    const last = { from: now - DAY, to: now - 2 * MINUTE, verdict: 'healthy', reason: '' } as const;
    const late = attempt({ now, soak: { startedAt: STAGED_AT, earnedMs: 7 * DAY - MINUTE, last, pauses: [], extendedMs: 0 } });
    expect(nextOf(late)).toEqual({ kind: 'wait', until: now + MINUTE, probe: true });
  });

  it('needs every gate', () => {
    const three = attempt({ ...ready, decisions: fourApprovals().slice(0, 3) });
    expect(nextOf(three)).toEqual({ kind: 'wait', until: STAGED_AT + 14 * DAY, probe: true });
  });

  it('needs a request that still stands, the first one or any that came since, and expires without one', () => {
    const gone = { act: 'request', person: 'mia', stands: false } as const;
    const since = { act: 'promote', person: 'max', stands: true } as const;
    const unasked = attempt({ ...ready, askedBy: [gone] });
    expect(nextOf(unasked)).toEqual({ kind: 'wait', until: STAGED_AT + 14 * DAY, probe: true });
    expect(missing(unasked)).toEqual([A_REQUEST]);
    expect(nextOf(attempt({ ...ready, askedBy: [] })).kind).toBe('wait');
    expect(nextOf(attempt({ ...ready, askedBy: [gone, since] })).kind).toBe('recheck');
    expect(nextOf(attempt({ ...ready, askedBy: [gone, { ...since, stands: false }] })).kind).toBe('wait');
    const late = attempt({ ...ready, askedBy: [gone], now: STAGED_AT + 14 * DAY });
    expect(nextOf(late)).toEqual({ kind: 'enter', to: 'expired', reason: `the soak maximum is over, missing: ${A_REQUEST}` });
  });

  it("changes production only on re-checks that passed within ten minutes against today's production", () => {
    const { now } = ready;
    const later = attempt({ ...ready, now: now + RECHECK_FRESH_MS, rechecks: rechecksPassed(now) });
    expect(nextOf(later).kind).toBe('change');
    expect(nextOf(attempt({ ...ready, now: later.now + 1, rechecks: rechecksPassed(now) })).kind).toBe('recheck');
    expect(nextOf(attempt({ ...ready, production: '0.9.0', rechecks: rechecksPassed(now, '0.8.0') })).kind).toBe('recheck');
    expect(nextOf(attempt({ ...ready, production: '0.9.0', rechecks: rechecksPassed(now, '0.9.0') })).kind).toBe('change');
    expect(nextOf(attempt({ ...ready, rechecks: rechecksPassed(now).slice(1) })).kind).toBe('recheck');
  });

  it('"pass again at that moment": a re-check from before soak, approvals or the asking were there says nothing', () => {
    const { now } = ready;
    const at = (checkedAt: number, more = {}) =>
      nextOf(attempt({ ...ready, now: now + MINUTE, rechecks: rechecksPassed(checkedAt), ...more })).kind;
    expect(at(now)).toBe('change');
    expect(at(now - 1)).toBe('recheck');
    const lateApproval = {
      decisions: [...fourApprovals().slice(1), decided('data-science', 'dana', 'approve', { at: now + 5 })],
    };
    expect(at(now + 5, lateApproval)).toBe('change');
    expect(at(now + 4, lateApproval)).toBe('recheck');
    expect(at(now + 5, { askedAt: now + 5 })).toBe('change');
    expect(at(now + 4, { askedAt: now + 5 })).toBe('recheck');
  });

  it('"a re-check that fails ends nothing": tried again hourly, when production changes, when promote asks', () => {
    const { now } = ready;
    const failed = [
      ...rechecksPassed(now).slice(0, 2),
      recheck('not-worse-than-production', now, { verdict: 'fail', reason: 'worse' }),
    ];
    const at = (later: number, more = {}) => nextOf(attempt({ ...ready, now: now + later, rechecks: failed, ...more }));
    expect(at(0)).toEqual({ kind: 'wait', until: now + RECHECK_AGAIN_MS, probe: true });
    expect(at(RECHECK_AGAIN_MS - 1).kind).toBe('wait');
    expect(at(RECHECK_AGAIN_MS).kind).toBe('recheck');
    expect(at(1, { production: '2.0.0' }).kind).toBe('recheck');
    expect(at(2, { askedAt: now + 1 }).kind).toBe('recheck');
    expect(at(7 * DAY)).toMatchObject({ kind: 'recheck' });
  });

  it('a re-check that fails at the maximum expires the attempt', () => {
    const end = STAGED_AT + 14 * DAY;
    const failed = recheck('not-worse-than-production', end, { verdict: 'fail', reason: 'worse' });
    const next = nextOf(attempt({ ...ready, now: end, rechecks: [...rechecksPassed(end).slice(0, 2), failed] }));
    expect(next).toMatchObject({ kind: 'enter', to: 'expired' });
    expect(JSON.stringify(next)).toMatch(/re-check not-worse-than-production fail: worse/);
  });
});

describe('rules §1, other ends of staging', () => {
  it('expires at exactly the maximum when something is missing, and says what', () => {
    const end = STAGED_AT + 14 * DAY;
    expect(nextOf(attempt({ now: end - 1 })).kind).toBe('wait');
    const next = nextOf(attempt({ now: end, decisions: fourApprovals().slice(1) }));
    expect(next).toEqual({ kind: 'enter', to: 'expired', reason: 'the soak maximum is over, missing: gate data-science' });
  });

  it('"when ready and expired are both true at one look, ready wins"', () => {
    expect(nextOf(attempt({ ...ready, now: STAGED_AT + 14 * DAY })).kind).toBe('recheck');
    expect(nextOf(attempt({ ...ready, now: STAGED_AT + 20 * DAY, rechecks: rechecksPassed(STAGED_AT + 20 * DAY) })).kind).toBe(
      'change',
    );
  });

  it('"staging → rejected: a gate rejects", also when everything else is there', () => {
    const rejected = attempt({ ...ready, decisions: [...fourApprovals(), decided('security', 'sue', 'reject')] });
    expect(nextOf(rejected)).toEqual({ kind: 'enter', to: 'rejected', reason: 'gate security rejected by sue' });
  });

  it('"a critical issue ends the soak as rejected"', () => {
    const critical = attempt({ ...ready, decisions: [], critical: 'the artifact no longer matches its digest' });
    expect(nextOf(critical)).toMatchObject({ kind: 'enter', to: 'rejected' });
  });
});

describe('a round that was opened in staging', () => {
  it('has its checks run before anything is waited for, and is rejected when one fails', () => {
    expect(nextOf(attempt({ round: 2, findings: [] }))).toEqual({ kind: 'check', checks: CHECKS });
    const failing = [...allPassed.slice(1), finding('artifacts', 'fail', 'damaged')];
    expect(nextOf(attempt({ round: 2, findings: failing }))).toMatchObject({ kind: 'enter', to: 'rejected' });
    expect(nextOf(attempt({ round: 2 })).kind).toBe('wait');
  });
});

describe('rules §1, "a person\'s pause stops both ends"', () => {
  const pausedAt = STAGED_AT + 2 * DAY;
  const paused = (now: number, to: number | null = null, earnedMs = 2 * DAY) => {
    const last = { from: STAGED_AT, to: now, verdict: 'healthy', reason: '' } as const;
    const pauses = [{ from: pausedAt, to, by: 'mia', reason: 'the site is closed' }];
    return attempt({ now, soak: { startedAt: STAGED_AT, earnedMs, last, pauses, extendedMs: 0 } });
  };

  it('a paused attempt neither expires nor is promoted, however long it is paused', () => {
    // Whoever resumes says so; until then nothing is due, however near an end was.
    expect(nextOf(paused(STAGED_AT + 100 * DAY))).toEqual({ kind: 'wait', until: null, probe: true });
    const earned = { ...paused(STAGED_AT + 20 * DAY, null, 7 * DAY), decisions: fourApprovals() };
    expect(nextOf({ ...earned, rechecks: rechecksPassed(earned.now) }).kind).toBe('wait');
    expect(missing(earned)).toEqual(['resume (paused by mia: the site is closed)']);
  });

  it('after three paused days both ends are three days later', () => {
    const end = STAGED_AT + 17 * DAY;
    expect(nextOf(paused(end - 1, pausedAt + 3 * DAY)).kind).toBe('wait');
    expect(nextOf(paused(end, pausedAt + 3 * DAY))).toMatchObject({ kind: 'enter', to: 'expired' });
  });

  it('an extension moves the maximum alone', () => {
    const extended = (now: number) => {
      const soak = attempt({ now }).soak;
      return attempt({ now, soak: soak && { ...soak, extendedMs: 3 * DAY } });
    };
    expect(nextOf(extended(STAGED_AT + 17 * DAY - 1)).kind).toBe('wait');
    expect(nextOf(extended(STAGED_AT + 17 * DAY))).toMatchObject({ kind: 'enter', to: 'expired' });
  });
});

describe('production and after', () => {
  it('follows up once, then waits for a message alone', () => {
    const followUps = ['serving', 'archive-previous'];
    const after = (followUpsDone: string[]) =>
      nextOf(attempt({ state: 'production', change: { key: 'k', followUps, followUpsDone } }));
    expect(after([])).toEqual({ kind: 'follow-up', steps: ['serving'] });
    expect(after(['serving'])).toEqual({ kind: 'follow-up', steps: ['archive-previous'] });
    expect(after(followUps)).toEqual({ kind: 'wait', until: null, probe: false });
  });

  it('what followed its own change is done even when it has left production since', () => {
    const left = attempt({
      state: 'archived',
      change: { key: 'k', followUps: ['serving', 'archive-previous'], followUpsDone: ['serving'] },
    });
    expect(nextOf(left)).toEqual({ kind: 'follow-up', steps: ['archive-previous'] });
    expect(
      nextOf({
        ...left,
        change: { key: 'k', followUps: ['serving', 'archive-previous'], followUpsDone: ['serving', 'archive-previous'] },
      }).kind,
    ).toBe('ended');
  });

  it.each(['archived', 'rejected', 'expired', 'withdrawn'] as const)('%s is an end', (state) => {
    expect(nextOf(attempt({ state }))).toEqual({ kind: 'ended', outcome: state });
  });
});
