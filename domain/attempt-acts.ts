import type { Attempt } from './attempt.js';
import type { Decider } from './gates.js';
import { openPause } from './pause.js';
import { formatDuration } from './quantity.js';
import type { Refusal } from './refusal.js';
import { maximumEndsAt } from './soak.js';

/** What people do by hand to an attempt in staging (rules §1). */
export type AttemptAct = 'extend' | 'pause' | 'resume' | 'withdraw' | 'repin';

/** What is asked for besides the act itself. */
export interface AskedAct {
  /** The attempt that was meant, as signed. */
  readonly promotion: string;
  /** By how much an extension moves the maximum, in milliseconds. */
  readonly byMs?: number;
  /** The policy to pin, as signed, and the newest one on the record. */
  readonly policy?: { readonly signed: string; readonly newest: string; readonly relaxed: readonly string[] };
}

/** Why an act on an attempt does not count, or undefined when it does. Signature and group are judged before this. */
export function judgeAttemptAct(act: AttemptAct, attempt: Attempt, by: Decider, asked: AskedAct): Refusal | undefined {
  return notMeant(attempt, asked) ?? inStagingOf(act, attempt) ?? RULES[act](attempt, by, asked);
}

function notMeant({ promotionId }: Attempt, { promotion }: AskedAct): Refusal | undefined {
  if (promotion === promotionId) return undefined;
  return { kind: 'conflict', what: 'promotion', given: promotion, allowed: promotionId, next: 'see gatehouse status' };
}

/** Why an act that is for a version in staging comes too early or too late, or undefined. */
export function inStagingOf(
  act: string,
  { state, version, soak, now, policy }: Attempt,
  { evenAfterTheMaximum = false } = {},
): Refusal | undefined {
  if (state !== 'staging' || !soak) {
    const next = state === 'validating' ? 'wait until the checks have passed' : 'see gatehouse status';
    return {
      kind: 'conflict',
      what: `${act} is for a version in staging`,
      given: `${version} is ${state}`,
      allowed: 'staging',
      next,
    };
  }
  const end = maximumEndsAt(soak, now, policy);
  if (now <= end || evenAfterTheMaximum) return undefined;
  const allowed = `until ${iso(end)}`;
  return { kind: 'rule', what: 'the soak maximum is over', given: iso(now), allowed, next: 'ask for a new attempt' };
}

const RULES: Readonly<Record<AttemptAct, (attempt: Attempt, by: Decider, asked: AskedAct) => Refusal | undefined>> = {
  extend({ policy }, _by, { byMs = 0 }) {
    if (byMs > 0 && byMs <= policy.soak.max) return undefined;
    return {
      kind: 'rule',
      what: '--by',
      given: formatDuration(byMs),
      allowed: `more than 0 and at most ${formatDuration(policy.soak.max)} at once, the soak maximum`,
      next: 'extend again when that is over',
    };
  },
  pause({ soak }) {
    const open = openPause(soak?.pauses ?? []);
    if (!open) return undefined;
    return {
      kind: 'conflict',
      what: `paused already since ${iso(open.from)} by ${open.by}`,
      given: open.reason,
      next: 'nothing to do',
    };
  },
  resume({ soak }) {
    if (openPause(soak?.pauses ?? [])) return undefined;
    return { kind: 'conflict', what: 'the soak is not paused', next: 'nothing to do' };
  },
  withdraw({ requestedBy }, by) {
    if (by.email === requestedBy) return undefined;
    return {
      kind: 'rule',
      what: 'an attempt is withdrawn by whoever asked for it',
      given: by.email,
      allowed: requestedBy,
      next: `ask ${requestedBy}, or a reviewer to reject it`,
    };
  },
  repin({ policyDigest, installation }, _by, { policy }) {
    if (!policy || policy.signed !== policy.newest) {
      const next = 'read the policy again (gatehouse policy show) and sign that';
      return { kind: 'conflict', what: 'policy', given: policy?.signed ?? 'none', allowed: policy?.newest ?? 'none', next };
    }
    if (policy.newest === policyDigest)
      return { kind: 'conflict', what: 'the newest policy is pinned already', given: policyDigest, next: 'nothing to do' };
    if (policy.relaxed.length > 0 && installation.environment === 'production') {
      return {
        kind: 'rule',
        what: 'the policy on the record is looser than the guidelines',
        given: policy.relaxed.join(', '),
        allowed: 'the guidelines or stricter where the environment is production',
        next: 'register a stricter policy',
      };
    }
    return undefined;
  },
};

function iso(at: number): string {
  return new Date(at).toISOString();
}
