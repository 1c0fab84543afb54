import { describe, expect, it } from 'vitest';
import {
  earnedAfter,
  maximumEndsAt,
  minimumEndsAt,
  soakIsOver,
  soakStands,
  stretchOf,
  type Health,
  type Soak,
} from '../../domain/soak.js';
import { DAY, MINUTE, policyWith, STAGED_AT } from '../support/attempt.js';

const policy = policyWith();
const start: Soak = { startedAt: STAGED_AT, earnedMs: 0, last: null, pauses: [], extendedMs: 0 };

/** Lives through days of one verdict each, with a look every minute. */
function live(days: readonly Health[], under = policy): Soak {
  return days.reduce<Soak>((soak, verdict) => {
    const from = soak.last?.to ?? soak.startedAt;
    const window = { from, to: from + DAY, verdict };
    return { ...soak, earnedMs: earnedAfter(soak, window, under), last: { ...window, reason: '' } };
  }, start);
}

describe("a person's pause (rules §1)", () => {
  const window = (from: number, to: number) => ({ from, to, verdict: 'healthy' }) as const;
  const pauses = [{ from: STAGED_AT + DAY, to: STAGED_AT + 2 * DAY, by: 'mia', reason: 'stocktaking' }];

  it('time under a pause is not earned, to the millisecond', () => {
    const soak = { earnedMs: 0, pauses };
    expect(earnedAfter(soak, window(STAGED_AT, STAGED_AT + DAY), policy)).toBe(DAY);
    expect(earnedAfter(soak, window(STAGED_AT, STAGED_AT + DAY + 1), policy)).toBe(DAY);
    expect(earnedAfter(soak, window(STAGED_AT, STAGED_AT + 2 * DAY + 1), policy)).toBe(DAY + 1);
  });

  it('an open pause moves both ends on with the time', () => {
    const soak: Soak = { ...start, pauses: pauses.map((pause) => ({ ...pause, to: null })) };
    for (const now of [STAGED_AT + DAY, STAGED_AT + 2 * DAY, STAGED_AT + 50 * DAY]) {
      expect(maximumEndsAt(soak, now, policy)).toBe(now + 13 * DAY);
      expect(soakStands(soak, now, policy)).toBe(true);
    }
    const closed = { ...start, pauses };
    expect(maximumEndsAt(closed, STAGED_AT + 5 * DAY, policy)).toBe(STAGED_AT + 15 * DAY);
  });
});

describe('the soak is earned (rules §1)', () => {
  it('is over at exactly the minimum', () => {
    expect(soakIsOver({ ...start, earnedMs: 7 * DAY - 1 }, policy)).toBe(false);
    expect(soakIsOver({ ...start, earnedMs: 7 * DAY }, policy)).toBe(true);
  });

  it('"three bad days in ten make a seven-day soak end on day ten"', () => {
    const days: Health[] = ['healthy', 'warning', 'healthy', 'healthy', 'unknown', 'healthy', 'healthy', 'warning', 'healthy'];
    expect(soakIsOver(live(days), policy)).toBe(false);
    expect(soakIsOver(live([...days, 'healthy']), policy)).toBe(true);
  });

  it.each([
    ['ignores', 3 * DAY],
    ['pauses', 2 * DAY],
    ['resets', DAY],
  ] as const)('a warning %s the clock by policy', (warning, earned) => {
    expect(live(['healthy', 'warning', 'healthy'], policyWith({ soak: { warning } })).earnedMs).toBe(earned);
  });

  it('unknown and critical time is never earned', () => {
    expect(live(['healthy', 'unknown', 'critical']).earnedMs).toBe(DAY);
  });

  it('a look vouches for three poll intervals; a longer silence is unknown', () => {
    expect(stretchOf(start, STAGED_AT + 2 * MINUTE, policy)).toEqual({ from: STAGED_AT, to: STAGED_AT + 2 * MINUTE });
    const late = STAGED_AT + DAY;
    expect(stretchOf(start, late, policy)).toEqual({ from: late - 3 * MINUTE, to: late });
  });

  it('a second look at the same moment speaks for no time', () => {
    const looked: Soak = { ...start, last: { from: STAGED_AT, to: STAGED_AT + MINUTE, verdict: 'healthy', reason: '' } };
    const stretch = stretchOf(looked, STAGED_AT + MINUTE, policy);
    expect(stretch.to - stretch.from).toBe(0);
    const behind = stretchOf(looked, STAGED_AT, policy);
    expect(behind.from).toBe(behind.to);
  });

  it('names the moment the minimum ends, and whether it stands', () => {
    const soak = live(['healthy', 'healthy']);
    const now = STAGED_AT + 2 * DAY;
    expect(minimumEndsAt(soak, now, policy)).toBe(STAGED_AT + 7 * DAY);
    expect(soakStands(soak, now, policy)).toBe(false);
    expect(soakStands(soak, now + 4 * MINUTE, policy)).toBe(true);
    expect(soakStands(live(['healthy', 'warning']), now, policy)).toBe(true);
    expect(minimumEndsAt(live(['healthy', 'warning']), now, policy)).toBe(STAGED_AT + 8 * DAY);
  });
});
