import { describe, expect, it } from 'vitest';
import { judgeAttemptAct, type AskedAct, type AttemptAct } from '../../domain/attempt-acts.js';
import type { Stage } from '../../domain/progress.js';
import { attempt, DAY, STAGED_AT } from '../support/attempt.js';

const mia = { email: 'mia', groups: ['mlops'] };
const here: AskedAct = { promotion: 'm/1.0.0/1' };
const paused = { from: STAGED_AT, to: null, by: 'max', reason: 'the site is closed' };

/** An attempt to which the act can be done when it is in staging, and what is asked. */
const FITTING: Readonly<Record<AttemptAct, { soak?: object; asked: AskedAct }>> = {
  extend: { asked: { ...here, byMs: DAY } },
  pause: { asked: here },
  resume: { soak: { pauses: [paused] }, asked: here },
  withdraw: { asked: here },
  repin: { asked: { ...here, policy: { signed: 'n', newest: 'n', relaxed: [] } } },
};
const ACTS = Object.keys(FITTING) as AttemptAct[];
const STAGES: readonly Stage[] = [
  'registered',
  'validating',
  'staging',
  'production',
  'archived',
  'deleted',
  'rejected',
  'withdrawn',
  'expired',
];

function judged(act: AttemptAct, change: object = {}, more: Partial<AskedAct> = {}, by = mia) {
  const { soak = {}, asked } = FITTING[act];
  const standing = attempt();
  const now = { ...standing, soak: standing.soak && { ...standing.soak, ...soak }, ...change };
  return judgeAttemptAct(act, now, by, { ...asked, ...more });
}

describe('every act on an attempt in every stage', () => {
  const table = ACTS.flatMap((act) => STAGES.map((state) => [act, state] as const));
  it.each(table)('%s in %s', (act, state) => {
    const refusal = judged(act, { state });
    if (state === 'staging') expect(refusal).toBeUndefined();
    else
      expect(refusal).toMatchObject({ kind: 'conflict', what: `${act} is for a version in staging`, given: `1.0.0 is ${state}` });
  });

  it.each(ACTS)('%s for another attempt than the one that was meant is a conflict', (act) => {
    expect(judged(act, {}, { promotion: 'm/1.0.0/2' })).toMatchObject({ kind: 'conflict', what: 'promotion' });
  });

  it.each(ACTS.filter((act) => act !== 'resume'))('%s counts at exactly the maximum, and no longer after it', (act) => {
    expect(judged(act, { now: STAGED_AT + 14 * DAY })).toBeUndefined();
    expect(judged(act, { now: STAGED_AT + 14 * DAY + 1 })).toMatchObject({ kind: 'rule', what: 'the soak maximum is over' });
  });
});

describe('what each act asks besides', () => {
  it.each([
    [0, false],
    [1, true],
    [14 * DAY, true],
    [14 * DAY + 1, false],
  ])('an extension by %d ms: %s', (byMs, counts) => {
    expect(judged('extend', {}, { byMs }) === undefined).toBe(counts);
  });

  it('pausing what is paused, and resuming what is not, are conflicts that say so', () => {
    const standing = attempt().soak;
    expect(judged('pause', { soak: standing && { ...standing, pauses: [paused] } })).toMatchObject({
      kind: 'conflict',
      what: expect.stringContaining('by max') as string,
    });
    expect(judged('resume', { soak: standing })).toMatchObject({ kind: 'conflict' });
    expect(judged('resume', { soak: standing && { ...standing, pauses: [{ ...paused, to: STAGED_AT + 1 }] } })).toMatchObject({
      kind: 'conflict',
    });
  });

  it('"the requester withdraws it", nobody else', () => {
    expect(judged('withdraw', {}, {}, { email: 'max', groups: ['mlops'] })).toMatchObject({ kind: 'rule', allowed: 'mia' });
  });

  it('a policy is pinned as it was signed, when it is the newest and another one', () => {
    const policy = (signed: string, newest: string, relaxed: string[] = []) => ({ policy: { signed, newest, relaxed } });
    expect(judged('repin', {}, policy('old', 'new'))).toMatchObject({ kind: 'conflict', what: 'policy' });
    const pinned = attempt().policyDigest;
    expect(judged('repin', {}, policy(pinned, pinned))).toMatchObject({ kind: 'conflict', next: 'nothing to do' });
    const production = { installation: { id: 'here', environment: 'production' } };
    expect(judged('repin', production, policy('new', 'new', ['soak.min']))).toMatchObject({ kind: 'rule', given: 'soak.min' });
    expect(judged('repin', {}, policy('new', 'new', ['soak.min']))).toBeUndefined();
  });
});
