import { describe, expect, it } from 'vitest';
import { foldBreakGlass, SECOND_WITHIN_MS } from '../../domain/break-glass.js';
import { glassDiffers, glassFields, judgeBreakGlass } from '../../domain/break-glass-act.js';
import { eligibilityOf } from '../../domain/eligibility.js';
import { glassInUse, nextOf } from '../../domain/lifecycle.js';
import { progressOf } from '../../domain/view.js';
import { attempt, DAY, fourApprovals, glass, rechecksPassed, STAGED_AT } from '../support/attempt.js';

const now = STAGED_AT + DAY;
const signed = [glass('olga', now - 2), glass('paul', now - 1)];
const both = [glass('olga', now - 2, 'both'), glass('paul', now - 1, 'both')];
const approved = { now, decisions: fourApprovals() };
const freezes = [{ model: null, since: STAGED_AT, by: 'ida', reason: 'an incident is being looked into' }];
const by = (email: string) => ({ email, groups: ['mlops'] });

describe('rules §1, "break-glass … takes two people other than the requester, a reason and their signatures"', () => {
  it('two people who signed the same skip the rest of the soak, and it goes after its re-checks', () => {
    expect(nextOf(attempt({ ...approved, breakGlass: signed })).kind).toBe('recheck');
    expect(nextOf(attempt({ ...approved, breakGlass: signed, rechecks: rechecksPassed(now) })).kind).toBe('change');
    expect(nextOf(attempt({ ...approved, breakGlass: signed, rechecks: rechecksPassed(now - 2) })).kind).toBe('recheck');
    expect(glassInUse(attempt({ ...approved, breakGlass: signed })).map(({ skip }) => skip)).toEqual(['soak']);
  });

  it.each([
    ['one of them', signed.slice(0, 1)],
    ['one person twice', [glass('olga', now - 2), glass('olga', now - 1)]],
    ['the requester as one of them', [glass('mia', now - 2), glass('paul', now - 1)]],
    ['the registrar as one of them', [glass('olga', now - 2), glass('max', now - 1)]],
    ['another round', [glass('olga', now - 2, 'soak', { round: 2 }), glass('paul', now - 1)]],
    ['a signature that does not stand', [glass('olga', now - 2, 'soak', { stands: false }), glass('paul', now - 1)]],
    ['two that are for different waits', [glass('olga', now - 2, 'both'), glass('paul', now - 1)]],
    ['a freeze alone', [glass('olga', now - 2, 'freeze'), glass('paul', now - 1, 'freeze')]],
    ['a second one more than a day later', [glass('olga', now - SECOND_WITHIN_MS - 2), glass('paul', now - 1)]],
  ])('%s skips no soak', (_, breakGlass) => {
    expect(nextOf(attempt({ ...approved, breakGlass }))).toMatchObject({ kind: 'wait' });
    expect(eligibilityOf(attempt({ ...approved, breakGlass })).eligible).toBe(false);
  });

  it('a second one exactly a day later counts, and the first is waited for no longer than that', () => {
    const first = glass('olga', now - SECOND_WITHIN_MS);
    expect(foldBreakGlass(attempt({ now, breakGlass: [first, glass('paul', now)] })).broken).toHaveLength(1);
    expect(foldBreakGlass(attempt({ now, breakGlass: [first] })).proposed).toEqual([first]);
    expect(foldBreakGlass(attempt({ now: now + 1, breakGlass: [first] })).proposed).toEqual([]);
  });
});

describe('rules §1, "skips a wait …, never a check or a gate"', () => {
  const breakGlass = both;

  it('a freeze of either kind, with the soak that is not over', () => {
    expect(nextOf(attempt({ ...approved, freezes })).kind).toBe('wait');
    expect(nextOf(attempt({ ...approved, freezes, breakGlass })).kind).toBe('recheck');
    expect(nextOf(attempt({ ...approved, freezes, breakGlass: signed })).kind).toBe('wait');
    const over = { decisions: fourApprovals(), now: STAGED_AT + 7 * DAY };
    expect(glassInUse(attempt({ ...over, breakGlass }))).toEqual([]);
    expect(glassInUse(attempt({ ...over, breakGlass, freezes })).map(({ skip }) => skip)).toEqual(['both']);
  });

  it('no gate, no check, no re-check, no pause, no rejection, no critical issue', () => {
    expect(nextOf(attempt({ ...approved, breakGlass, decisions: fourApprovals().slice(1) })).kind).toBe('wait');
    expect(nextOf(attempt({ ...approved, breakGlass, findings: [] })).kind).toBe('check');
    const pauses = [{ from: now - 1, to: null, by: 'ida', reason: 'the reviewers are away' }];
    const soak = attempt({ now }).soak;
    expect(nextOf(attempt({ ...approved, breakGlass, ...(soak && { soak: { ...soak, pauses } }) }))).toMatchObject({
      kind: 'wait',
      until: null,
    });
    expect(nextOf(attempt({ ...approved, breakGlass, critical: 'its model is damaged' })).kind).toBe('open-round');
  });

  it.each([
    ['unknown', now],
    ['warning', now],
    ['healthy', now - 4 * 60_000],
  ] as const)('no look that is %s at %s: it waits for a healthy one', (verdict, to) => {
    const last = { from: STAGED_AT, to, verdict, reason: 'seen' };
    const soak = { startedAt: STAGED_AT, earnedMs: 0, last, pauses: [], extendedMs: 0 };
    const waiting = attempt({ ...approved, breakGlass, soak });
    expect(nextOf(waiting)).toMatchObject({ kind: 'wait', probe: true });
    expect(progressOf(waiting).waitingFor).toEqual(['a healthy look at staging (break-glass)']);
  });
});

describe('who may sign, and what', () => {
  it('in staging, neither requester nor registrar, and each once', () => {
    const breakGlass = signed.slice(0, 1);
    expect(judgeBreakGlass(attempt({ now }), by('olga'), 'soak')).toBeUndefined();
    expect(judgeBreakGlass(attempt({ now, breakGlass }), by('paul'), 'soak')).toBeUndefined();
    expect(judgeBreakGlass(attempt({ now, breakGlass }), by('olga'), 'soak')).toMatchObject({ kind: 'conflict' });
    expect(judgeBreakGlass(attempt({ now, breakGlass: signed }), by('pia'), 'soak')).toMatchObject({ kind: 'conflict' });
    expect(judgeBreakGlass(attempt({ now, breakGlass: both }), by('pia'), 'freeze')).toMatchObject({ kind: 'conflict' });
    expect(judgeBreakGlass(attempt({ now }), by('mia'), 'soak')).toMatchObject({ what: 'mia requested this version' });
    expect(judgeBreakGlass(attempt({ now }), by('max'), 'soak')).toMatchObject({ what: 'max registered this version' });
    expect(judgeBreakGlass(attempt({ now, state: 'validating' }), by('olga'), 'soak')).toMatchObject({ kind: 'conflict' });
  });

  it('after the maximum only what a freeze alone holds back', () => {
    const late = { now: STAGED_AT + 15 * DAY, freezes };
    expect(judgeBreakGlass(attempt({ ...late, decisions: fourApprovals() }), by('olga'), 'freeze')).toBeUndefined();
    expect(judgeBreakGlass(attempt(late), by('olga'), 'freeze')).toMatchObject({ what: 'the soak maximum is over' });
  });

  it('exactly what the record has', () => {
    const fields = glassFields(attempt());
    expect(glassDiffers(fields, attempt())).toBeUndefined();
    for (const field of Object.keys(fields))
      expect(glassDiffers({ ...fields, [field]: 'other' }, attempt())).toMatchObject({ kind: 'identity', what: field });
    expect(glassDiffers(fields, attempt({ evidenceDigest: null }))).toMatchObject({ what: 'evidence_digest' });
  });

  it('is shown: what waits for a second person, and what two have skipped', () => {
    const proposed = attempt({ now, breakGlass: signed.slice(0, 1) });
    expect(progressOf(proposed).waitingFor.at(-1)).toMatch(/^a second person for the break-glass of the soak \(proposed by olga/);
    const soak = (of: typeof proposed) => eligibilityOf(of).conditions.find(({ kind }) => kind === 'soak');
    expect(soak(proposed)).toMatchObject({
      verdict: 'pending',
      measured: expect.stringMatching(/1d earned; a second person/) as string,
    });
    expect(soak(attempt({ now, breakGlass: signed }))).toMatchObject({
      verdict: 'pass',
      measured: '1d earned; skipped by break-glass by olga (production is down) and paul (production is down)',
    });
    expect(progressOf(attempt({ now, breakGlass: signed })).breakGlass).toHaveLength(1);
    expect(eligibilityOf(attempt({ now, breakGlass: signed })).earliest).toBe(new Date(now).toISOString());
  });
});
