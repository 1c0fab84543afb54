import type { Attempt, DecisionRecord, Fault } from './attempt.js';
import { isSamePerson } from './one-person.js';
import { GATES, type Gate } from './policy.js';
import type { GateView } from './progress.js';
import type { Refusal } from './refusal.js';
import { hasRight } from './rights.js';
import { maximumEndsAt } from './soak.js';
import { faultOf } from './void.js';

/** What the decisions on the record make of one gate. */
export interface GateState {
  readonly gate: Gate;
  readonly state: GateView['state'];
  /** The approvals that count, at most one a person. */
  readonly approvals: readonly DecisionRecord[];
  /** The latest decision of each person that does not count any more and was not taken back. */
  readonly voided: readonly DecisionRecord[];
  /** The decision that made the state; null while the gate was never touched. */
  readonly last: DecisionRecord | null;
}

type Decided = Pick<Attempt, 'decisions' | 'round' | 'policy'>;

/**
 * The state of each gate: a fold over decisions in the order they were received (rules §3).
 * A retraction takes back its author's approval; what no longer stands or belongs to an earlier round is void.
 */
export function foldGates(attempt: Decided): GateState[] {
  return GATES.map((gate) => foldGate(gate, attempt));
}

function foldGate(gate: Gate, { decisions, round, policy }: Decided): GateState {
  const approvals = new Map<string, DecisionRecord>();
  const voided = new Map<string, DecisionRecord>();
  let rejected: DecisionRecord | null = null;
  for (const decision of decisions.filter((each) => each.gate === gate)) {
    if (decision.decision === 'retract') {
      approvals.delete(decision.person);
      voided.delete(decision.person);
    } else if (decision.round !== round || !decision.stands) voided.set(decision.person, decision);
    else if (decision.decision === 'reject') rejected = decision;
    else approvals.set(decision.person, decision);
  }
  const counting = [...approvals.values()];
  const of = { gate, approvals: counting, voided: [...voided.values()] };
  if (rejected) return { ...of, state: 'rejected', last: rejected };
  if (counting.length >= policy.gates[gate].quorum) return { ...of, state: 'approved', last: counting.at(-1) ?? null };
  const lastVoid = of.voided.at(-1);
  return { ...of, state: lastVoid ? 'void' : 'open', last: lastVoid ?? null };
}

/** An approval that does not count any more, and why. */
export interface VoidApproval {
  readonly decision: DecisionRecord;
  readonly fault: Fault;
}

/** The approvals that do not count any more and were not taken back, the latest of each person at a gate. */
export function voidApprovals(attempt: Attempt): VoidApproval[] {
  return foldGates(attempt).flatMap(({ voided }) =>
    voided.flatMap((decision) => {
      const fault = decision.decision === 'approve' ? faultOf(decision, attempt) : null;
      return fault ? [{ decision, fault }] : [];
    }),
  );
}

/** Who decides, as the record knows that person. */
export interface Decider {
  readonly email: string;
  readonly groups: readonly string[];
}

/** What is decided on, as signed. */
export interface AskedDecision {
  readonly gate: Gate;
  readonly decision: DecisionRecord['decision'];
  readonly comment: string;
}

/**
 * Why a correctly signed decision does not count, or undefined when it does (rules §3).
 * Signature and statement are judged before this.
 */
export function judgeDecision(attempt: Attempt, by: Decider, asked: AskedDecision): Refusal | undefined {
  return notOpen(attempt) ?? notEntitled(attempt, by, asked.gate) ?? notInOrder(attempt, by, asked);
}

function notOpen({ state, now, soak, policy, version }: Attempt): Refusal | undefined {
  if (state !== 'staging' || !soak) {
    const next = state === 'validating' ? 'wait until the checks have passed' : 'see gatehouse status';
    return {
      kind: 'conflict',
      what: `gates are open in staging only`,
      given: `${version} is ${state}`,
      allowed: 'staging',
      next,
    };
  }
  const end = maximumEndsAt(soak, now, policy);
  if (now > end) {
    return {
      kind: 'rule',
      what: 'the soak maximum is over',
      given: iso(now),
      allowed: `until ${iso(end)}`,
      next: 'ask for a new attempt',
    };
  }
  return undefined;
}

function notEntitled(attempt: Attempt, by: Decider, gate: Gate): Refusal | undefined {
  if (attempt.barred.some((barred) => isSamePerson(barred, by.email))) {
    const role = isSamePerson(by.email, attempt.registeredBy) ? 'registered' : 'requested';
    return {
      kind: 'rule',
      what: `self-approval: ${by.email} ${role} this version`,
      allowed: 'somebody who did neither',
      next: `ask another member of ${attempt.policy.gates[gate].group}`,
    };
  }
  const { group } = attempt.policy.gates[gate];
  if (!hasRight(by.groups, [group])) {
    return {
      kind: 'identity',
      what: `gate ${gate} is decided by group ${group}`,
      given: `${by.email} is in ${by.groups.join(', ')}`,
      allowed: group,
      next: `ask a member of ${group}`,
    };
  }
  return undefined;
}

function notInOrder(attempt: Attempt, by: Decider, asked: AskedDecision): Refusal | undefined {
  const { gate, decision, comment } = asked;
  const gates = foldGates(attempt);
  const approvedBy = (state: GateState) => state.approvals.some(({ person }) => isSamePerson(person, by.email));
  const own = gates.find(approvedBy);
  if (decision === 'retract') {
    return own?.gate === gate
      ? undefined
      : { kind: 'conflict', what: `${by.email} has no approval at gate ${gate} to take back`, next: 'see gatehouse status' };
  }
  if (decision === 'reject' && comment.trim().length < 10) {
    return {
      kind: 'usage',
      what: 'comment',
      given: `${comment.length} characters`,
      allowed: 'a rejection says why in 10–2,000 characters',
      next: 'add --comment',
    };
  }
  if (own && own.gate !== gate) {
    return {
      kind: 'rule',
      what: `second gate: ${by.email} has approved ${own.gate}`,
      allowed: 'one gate for one person',
      next: `ask another member of ${attempt.policy.gates[gate].group}`,
    };
  }
  if (own && decision === 'approve')
    return { kind: 'conflict', what: `${by.email} has approved ${gate} already`, next: 'nothing to do' };
  if (own)
    return {
      kind: 'conflict',
      what: `${by.email} has approved ${gate}`,
      allowed: 'retract first',
      next: `gatehouse retract --gate ${gate}`,
    };
  const state = gates.find((each) => each.gate === gate);
  if (decision === 'approve' && state?.state === 'approved') {
    return {
      kind: 'conflict',
      what: `gate ${gate} is approved already`,
      given: by.email,
      allowed: `it is by ${state.last?.person ?? 'its quorum'}`,
      next: 'nothing to do',
    };
  }
  return undefined;
}

function iso(at: number): string {
  return new Date(at).toISOString();
}
