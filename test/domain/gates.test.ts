import { describe, expect, it } from 'vitest';
import { foldGates, judgeDecision, type AskedDecision } from '../../domain/gates.js';
import { attempt, DAY, decided, fourApprovals, policyWith, STAGED_AT } from '../support/attempt.js';

const states = (change: Parameters<typeof attempt>[0]) =>
  Object.fromEntries(foldGates(attempt(change)).map(({ gate, state }) => [gate, state]));
const dana = { email: 'dana', groups: ['ds-team'] };
const judge = (
  change: Parameters<typeof attempt>[0],
  by: { email: string; groups: string[] },
  asked: Partial<AskedDecision> = {},
) => judgeDecision(attempt(change), by, { gate: 'data-science', decision: 'approve', comment: '', ...asked });

describe('the fold over decisions (rules §3)', () => {
  it('opens all four gates and approves each by one approval', () => {
    expect(states({})).toEqual({ 'data-science': 'open', devops: 'open', business: 'open', security: 'open' });
    expect(new Set(Object.values(states({ decisions: fourApprovals() })))).toEqual(new Set(['approved']));
  });

  it('"a decision may be taken back by its author until promotion"', () => {
    const decisions = [decided('devops', 'dora'), decided('devops', 'dora', 'retract')];
    expect(states({ decisions })['devops']).toBe('open');
    expect(states({ decisions: [...decisions, decided('devops', 'dirk')] })['devops']).toBe('approved');
  });

  it("a retraction takes back nobody else's approval", () => {
    expect(states({ decisions: [decided('devops', 'dora'), decided('devops', 'dirk', 'retract')] })['devops']).toBe('approved');
  });

  it('"when the evidence changes, earlier approvals are void and say so"', () => {
    expect(states({ round: 2, decisions: fourApprovals() })['security']).toBe('void');
    expect(states({ decisions: [decided('security', 'sam', 'approve', { stands: false })] })['security']).toBe('void');
  });

  it('counts distinct people towards a quorum', () => {
    const policy = policyWith({ quorum: 2 });
    expect(states({ policy, decisions: [decided('devops', 'dora')] })['devops']).toBe('open');
    expect(states({ policy, decisions: [decided('devops', 'dora'), decided('devops', 'dora')] })['devops']).toBe('open');
    expect(states({ policy, decisions: [decided('devops', 'dora'), decided('devops', 'dirk')] })['devops']).toBe('approved');
  });

  it('a rejection stays one', () => {
    expect(states({ decisions: [decided('business', 'bea', 'reject'), decided('business', 'ben')] })['business']).toBe(
      'rejected',
    );
  });
});

describe('whether a decision counts (rules §3)', () => {
  it("takes a decision by a member of the gate's group", () => expect(judge({}, dana)).toBeUndefined());

  it.each(['mia', 'max'])('"whoever registered or requested the version decides no gate": %s, whatever the group', (email) => {
    expect(judge({}, { email, groups: ['ds-team'] })).toMatchObject({
      kind: 'rule',
      what: expect.stringContaining('self-approval'),
    });
    expect(judge({}, { email, groups: ['mlops'] })).toMatchObject({ kind: 'rule' });
  });

  it('refuses another group by name', () => {
    expect(judge({}, { email: 'dora', groups: ['devops'] })).toMatchObject({ kind: 'identity', allowed: 'ds-team' });
  });

  it('"one person decides at most one gate"', () => {
    const both = { email: 'dana', groups: ['ds-team', 'devops'] };
    const decisions = [decided('data-science', 'dana')];
    expect(judge({ decisions }, both, { gate: 'devops' })).toMatchObject({
      kind: 'rule',
      what: expect.stringContaining('second gate'),
    });
    expect(
      judge({ decisions: [...decisions, decided('data-science', 'dana', 'retract')] }, both, { gate: 'devops' }),
    ).toBeUndefined();
  });

  it('"the same person must retract before deciding otherwise"', () => {
    const decisions = [decided('data-science', 'dana')];
    const comment = 'it forgets every third patient';
    expect(judge({ decisions }, dana, { decision: 'reject', comment })).toMatchObject({
      kind: 'conflict',
      allowed: 'retract first',
    });
    expect(judge({ decisions }, dana)).toMatchObject({ kind: 'conflict' });
    expect(judge({ decisions }, dana, { decision: 'retract' })).toBeUndefined();
    expect(judge({}, dana, { decision: 'retract' })).toMatchObject({ kind: 'conflict' });
  });

  it('"a reject by any member of any gate\'s group, also at an approved gate, ends the attempt"; a second approval is no use', () => {
    const decisions = [decided('data-science', 'dave')];
    expect(judge({ decisions }, dana, { decision: 'reject', comment: 'not sound enough' })).toBeUndefined();
    expect(judge({ decisions }, dana)).toMatchObject({ kind: 'conflict' });
  });

  it('a rejection says why in 10 characters or more', () => {
    expect(judge({}, dana, { decision: 'reject', comment: '123456789' })).toMatchObject({ kind: 'usage' });
    expect(judge({}, dana, { decision: 'reject', comment: '1234567890' })).toBeUndefined();
  });

  it('"a decision received after the maximum is refused even if the expiry isn\'t written yet"', () => {
    expect(judge({ now: STAGED_AT + 14 * DAY }, dana)).toBeUndefined();
    expect(judge({ now: STAGED_AT + 14 * DAY + 1 }, dana)).toMatchObject({ kind: 'rule', what: 'the soak maximum is over' });
  });

  it.each(['validating', 'production', 'rejected', 'archived'] as const)('refuses any decision while %s', (state) => {
    expect(judge({ state }, dana)).toMatchObject({ kind: 'conflict' });
  });
});
