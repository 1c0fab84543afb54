import type { Attempt, DecisionRecord } from './attempt.js';
import { checksOpen } from './attempt.js';
import { foldBreakGlass, glassText, proposedText } from './break-glass.js';
import { CHECKS } from './checks.js';
import { foldGates } from './gates.js';
import { missing, nextOf } from './lifecycle.js';
import { openPause } from './pause.js';
import type { GateView, Progress, SoakView } from './progress.js';
import { maximumEndsAt, minimumEndsAt, soakIsOver, soakStands } from './soak.js';
import { roundText } from './rounds.js';
import { statementFields } from './statement.js';
import { faultOf, faultText } from './void.js';

/** An attempt as people see it; a copy for display that decides nothing. */
export function progressOf(attempt: Attempt): Progress {
  const open = attempt.state === 'staging' && attempt.soak !== null;
  return {
    asOf: iso(attempt.now),
    promotionId: attempt.promotionId,
    model: attempt.model,
    version: attempt.version,
    state: attempt.state,
    relaxed: attempt.relaxed,
    requestedBy: attempt.requestedBy,
    statement: statementFields(attempt),
    decideUntil: open && attempt.soak !== null ? iso(maximumEndsAt(attempt.soak, attempt.now, attempt.policy)) : null,
    evidence: attempt.findings,
    checksOpen: checksOpen(attempt, CHECKS),
    gates: gateViews(attempt),
    soak: soakView(attempt),
    waitingFor: waitingFor(attempt),
    breakGlass: foldBreakGlass(attempt).broken.map(glassText),
  };
}

/** The four gates as people see them. */
export function gateViews(attempt: Pick<Attempt, 'decisions' | 'round' | 'rounds' | 'policy'>): GateView[] {
  return foldGates(attempt).map(({ gate, state, last }) => ({
    gate,
    asks: attempt.policy.gates[gate].asks,
    group: attempt.policy.gates[gate].group,
    state,
    by: last?.person ?? null,
    at: last ? iso(last.at) : null,
    why: state === 'void' ? whyVoid(last, attempt) : null,
  }));
}

function whyVoid(decision: DecisionRecord | null, attempt: Pick<Attempt, 'round' | 'rounds'>): string | null {
  const fault = decision && faultOf(decision, attempt);
  return fault && faultText(fault);
}

/** The soak as people see it; null before staging. */
export function soakView({ soak, now, policy, state }: Attempt): SoakView | null {
  if (!soak) return null;
  const isPaused = openPause(soak.pauses) !== undefined;
  return {
    startedAt: iso(soak.startedAt),
    earnedMs: soak.earnedMs,
    minMs: policy.soak.min,
    minEndsAt: iso(minimumEndsAt(soak, now, policy)),
    maxEndsAt: iso(maximumEndsAt(soak, now, policy)),
    paused: state === 'staging' && (isPaused || (!soakIsOver(soak, policy) && soakStands(soak, now, policy))),
  };
}

/** What an attempt waits for, in words; empty when for nothing. */
export function waitingFor(attempt: Attempt): string[] {
  if (attempt.state === 'validating') return checksOpen(attempt, CHECKS).map((check) => `check ${check}`);
  if (attempt.state !== 'staging') return [];
  const next = nextOf(attempt);
  if (next.kind === 'open-round') return [`a new round (${roundText(next)})`];
  if (next.kind === 'recheck') return ['re-checks'];
  if (next.kind === 'change') return ['the production change'];
  const misses = missing(attempt);
  return misses.length === 0 ? [] : [...misses, ...foldBreakGlass(attempt).proposed.map(proposedText)];
}

function iso(at: number): string {
  return new Date(at).toISOString();
}
