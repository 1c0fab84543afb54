import type { Stage } from './progress.js';
import type { Refusal } from './refusal.js';

/** The stages a person can ask for next, by stage (rules §1); what follows by itself or by another verb is not among them. */
const NEXT: Readonly<Record<Stage, readonly Stage[]>> = {
  registered: ['staging'],
  validating: [],
  staging: ['production'],
  production: [],
  archived: [],
  deleted: [],
  rejected: ['staging'],
  withdrawn: ['staging'],
  expired: ['staging'],
};

/** The stages after an attempt has ended without production. */
const ENDED: readonly Stage[] = ['rejected', 'withdrawn', 'expired'];

/** The stages a person can ask for next from this one. */
export function nextStages(from: Stage): readonly Stage[] {
  return NEXT[from];
}

/** Why nothing can be asked of a version nobody has registered. */
export function notRegistered(version: string): Refusal {
  return { kind: 'usage', what: 'version', given: version, allowed: 'a registered version', next: 'gatehouse register DIR' };
}

/** Why nothing can be asked of a model of which nobody has registered a version. */
export function modelNotRegistered(model: string): Refusal {
  return { kind: 'usage', what: 'model', given: model, allowed: 'a registered model', next: 'gatehouse register DIR' };
}

/** Where a version is when something is asked of it. */
export interface Whereabouts {
  readonly status: Stage;
  /** ISO time of its last change of stage. */
  readonly since: string;
  readonly openPromotion: string | null;
  /** Why it is quarantined; null when it is not. */
  readonly quarantine: string | null;
}

/** Why a promotion from one stage to another cannot be asked for, or undefined when it can; `to` is staging. */
export function requestRefusal(
  asked: { from: string; to: string },
  { status, since, openPromotion, quarantine }: Whereabouts,
): Refusal | undefined {
  if (status === 'production' || status === asked.to || (openPromotion !== null && asked.to === 'staging')) {
    const running = openPromotion === null ? '' : `, promotion ${openPromotion}`;
    return { kind: 'conflict', what: `already ${status} since ${since}${running}`, next: 'see gatehouse status' };
  }
  if (quarantine !== null) {
    const next = 'gatehouse release makes it a rollback target again';
    return { kind: 'rule', what: `quarantined: ${quarantine}`, allowed: 'never promoted while quarantined', next };
  }
  if (asked.to !== 'staging' || !NEXT[status].includes('staging')) {
    return {
      kind: 'rule',
      what: `${asked.from} → ${asked.to} is not a step from ${status}`,
      given: asked.to,
      allowed: `next stages: ${NEXT[status].join(', ') || 'none'}`,
    };
  }
  const named = asked.from === status || (asked.from === 'registered' && ENDED.includes(status));
  if (named) return undefined;
  return { kind: 'conflict', what: 'from-stage', given: asked.from, allowed: status, next: `say --from-stage ${status}` };
}
