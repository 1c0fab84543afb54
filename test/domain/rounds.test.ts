import { describe, expect, it } from 'vitest';
import { foldGates } from '../../domain/gates.js';
import { nextOf } from '../../domain/lifecycle.js';
import { dueNotices, nextNoticeAt } from '../../domain/reminders.js';
import { roundDue, roundOfReset } from '../../domain/rounds.js';
import { differingField } from '../../domain/statement.js';
import { faultOfField } from '../../domain/void.js';
import { gateViews } from '../../domain/view.js';
import { attempt, DAY, decided, fourApprovals, policyWith, recheck, STAGED_AT } from '../support/attempt.js';

const digest = 'd'.repeat(64);
const changed = (cause: 'artifact changed' | 'evidence changed' | 'policy changed') =>
  decided('devops', 'dora', 'approve', { stands: false, fault: { cause, what: 'it is another' }, evidenceDigest: digest });
const round2 = { round: 2, reason: 'artifact changed', what: 'model.onnx is gone', at: STAGED_AT + DAY } as const;

describe('design §4, "a new round, all gates open, begins only when artifact, validation evidence, pinned policy or soak start change"', () => {
  it.each(['artifact changed', 'evidence changed', 'policy changed'] as const)('%s under an approval', (cause) => {
    const next = nextOf(attempt({ decisions: [changed(cause)] }));
    expect(next).toEqual({ kind: 'open-round', reason: cause, what: 'it is another', evidence: digest });
  });

  it.each([
    ['is damaged at a look', { critical: 'model.onnx is gone' }],
    ['fails its re-check', { rechecks: [recheck('artifacts', 1, { verdict: 'fail', reason: 'model.onnx is gone' })] }],
  ])('the stored package %s, after any of the four approvals', (_how, change) => {
    for (const count of [1, 2, 3, 4]) {
      const due = roundDue(attempt({ ...change, decisions: fourApprovals().slice(0, count) }));
      expect(due).toMatchObject({ reason: 'artifact changed', what: 'model.onnx is gone', evidence: 'e'.repeat(64) });
    }
    expect(roundDue(attempt({ ...change, decisions: [] }))).toBeUndefined();
  });

  it('a re-check of the artifacts that could not be made, or another that fails, opens none', () => {
    const decisions = fourApprovals();
    for (const [check, verdict] of [
      ['artifacts', 'error'],
      ['feature-schema', 'fail'],
    ] as const)
      expect(roundDue(attempt({ decisions, rechecks: [recheck(check, 1, { verdict })] }))).toBeUndefined();
  });

  it('none over a round in which nothing counts, so that one change opens one round', () => {
    expect(
      roundDue(attempt({ round: 2, rounds: [round2], critical: 'model.onnx is gone', decisions: fourApprovals() })),
    ).toBeUndefined();
    expect(roundDue(attempt({ round: 2, rounds: [round2], decisions: [changed('evidence changed')] }))).toBeUndefined();
    const back = decided('devops', 'dora', 'retract');
    expect(roundDue(attempt({ decisions: [changed('evidence changed'), back] }))).toBeUndefined();
  });

  it('a key or a group that is lost voids one approval and opens no round', () => {
    const fault = { cause: 'key revoked', what: 'the key of dora counts no more' } as const;
    const decisions = [decided('devops', 'dora', 'approve', { stands: false, fault })];
    expect(roundDue(attempt({ decisions }))).toBeUndefined();
    expect(gateViews(attempt({ decisions })).find(({ gate }) => gate === 'devops')).toMatchObject({
      state: 'void',
      by: 'dora',
      why: 'key revoked: the key of dora counts no more',
    });
  });

  it('a rejection ends the attempt before anything else is asked', () => {
    const decisions = [changed('artifact changed'), decided('security', 'sue', 'reject')];
    expect(nextOf(attempt({ decisions }))).toMatchObject({ kind: 'enter', to: 'rejected' });
  });
});

describe('rules §1, "by policy a staging warning … resets the clock": the soak start changes', () => {
  const resets = policyWith({ soak: { warning: 'resets' } });
  const soaked = attempt({ now: STAGED_AT + DAY, policy: resets, decisions: fourApprovals().slice(0, 1) });

  it('opens a round where earned time is lost under an approval', () => {
    expect(roundOfReset(soaked, { earnedMs: 0, why: 'it crashed' })).toMatchObject({
      reason: 'soak restarted',
      what: '86400 s of it were earned; it crashed',
    });
  });

  it('none where nothing is lost, nothing is approved, or the policy only pauses', () => {
    const again = { ...soaked, soak: soaked.soak && { ...soaked.soak, earnedMs: 0 } };
    expect(roundOfReset(again, { earnedMs: 0, why: 'it crashed' })).toBeUndefined();
    expect(roundOfReset({ ...soaked, decisions: [] }, { earnedMs: 0, why: 'it crashed' })).toBeUndefined();
    expect(roundOfReset({ ...soaked, policy: policyWith() }, { earnedMs: 0, why: 'it crashed' })).toBeUndefined();
    expect(roundOfReset(soaked, { earnedMs: DAY + 1, why: '' })).toBeUndefined();
  });
});

describe('why an approval is void', () => {
  it.each([
    ['artifact_digest', 'artifact changed'],
    ['feature_hash', 'artifact changed'],
    ['evidence_digest', 'evidence changed'],
    ['policy_digest', 'policy changed'],
    ['meaning', 'policy changed'],
    ['installation', 'not signed'],
    ['constructor', 'not signed'],
  ])('signed over another %s: %s', (field, cause) => {
    expect(faultOfField({ field, signed: 'a', record: 'b' })).toMatchObject({ cause });
  });

  it('of an earlier round it is what ended that round, whatever became of its author since', () => {
    const fault = { cause: 'left the group', what: 'dora is not in devops' } as const;
    const decisions = [decided('devops', 'dora', 'approve', { stands: false, fault })];
    const why = (change: object) =>
      gateViews(attempt({ round: 3, decisions, ...change })).find(({ gate }) => gate === 'devops')?.why;
    expect(why({ rounds: [round2, { ...round2, round: 3, reason: 'soak restarted' }] })).toBe(
      'artifact changed: model.onnx is gone',
    );
    expect(why({ rounds: [] })).toBe('policy re-pinned');
  });
});

describe('a late approval of an earlier round', () => {
  it('names the field round, also while the evidence of the new one is not complete', () => {
    const payload = { decision: 'approve', gate: 'devops', promotion: 'm/1.0.0/1', round: 1 };
    expect(differingField(payload, attempt({ round: 2, evidenceDigest: null }))).toEqual({
      field: 'round',
      signed: '1',
      record: '2',
    });
  });
});

describe('rules §3, "earlier approvals are void and say so": people are told', () => {
  const void2 = attempt({ now: STAGED_AT + DAY, round: 2, rounds: [round2], findings: [], decisions: fourApprovals() });
  const ofVoid = (of: typeof void2) => dueNotices(of).filter(({ kind }) => kind === 'approval-void');

  it("each approval's author, its gate's group and the requester, once and with why", () => {
    const notices = ofVoid(void2);
    expect(notices).toHaveLength(4);
    expect(notices[1]).toMatchObject({
      audience: ['devops', void2.decisions[1]?.person, 'mia'],
      body: expect.stringContaining(
        'void: artifact changed: model.onnx is gone. The gate waits again for group devops',
      ) as string,
    });
    expect(ofVoid({ ...void2, told: notices.map(({ key }) => key) })).toEqual([]);
    expect(nextNoticeAt({ ...void2, told: notices.map(({ key }) => key) })).not.toBe(void2.now);
  });

  it('another cause in the same round is told again; a new round says nothing of what was void before', () => {
    const lost = (cause: 'key revoked' | 'left the group', toldVoidAt: number | null) =>
      decided('devops', 'dora', 'approve', { id: 'd', stands: false, fault: { cause, what: '' }, toldVoidAt });
    const [first] = ofVoid(attempt({ decisions: [lost('left the group', null)] }));
    const told = [first?.key ?? ''];
    expect(ofVoid(attempt({ told, decisions: [lost('key revoked', STAGED_AT)] }))).toHaveLength(1);
    expect(ofVoid({ ...void2, told, decisions: [lost('left the group', STAGED_AT)] })).toEqual([]);
  });

  it('nobody hears of an approval that nobody signed, or that was taken back', () => {
    const unsigned = decided('devops', 'dora', 'approve', { stands: false });
    expect(foldGates(attempt({ decisions: [unsigned] }))[1]).toMatchObject({ state: 'void' });
    expect(ofVoid(attempt({ decisions: [unsigned] }))).toEqual([]);
    expect(ofVoid({ ...void2, decisions: [...fourApprovals().slice(0, 1), decided('data-science', 'dana', 'retract')] })).toEqual(
      [],
    );
  });

  it("the gate's reminder counts from when they were told, and not from the approval", () => {
    const late = STAGED_AT + 6 * DAY;
    const fault = { cause: 'key revoked', what: '' } as const;
    const lost = decided('devops', 'dora', 'approve', { stands: false, fault, toldVoidAt: late });
    const decisions = [...fourApprovals().filter(({ gate }) => gate !== 'devops'), lost];
    const reminders = (now: number) =>
      dueNotices(attempt({ now, decisions })).filter(({ kind }) => kind === 'gate-unanswered' || kind === 'gate-escalated');
    expect(reminders(late + 3 * DAY - 1)).toEqual([]);
    expect(reminders(late + 3 * DAY)).toHaveLength(1);
  });
});
