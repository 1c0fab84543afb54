import type { Refusal } from './refusal.js';

/** A version that was in production before, newest first in a list, as a rollback looks at it. */
export interface FormerProduction {
  readonly version: string;
  readonly status: string;
  /** Why it is quarantined; null when it is not. */
  readonly quarantine: string | null;
}

/** What a rollback is asked for against, as the record has it under the model's lock. */
export interface RollbackSituation {
  /** The version in production; null when there is none. */
  readonly production: string | null;
  /** Every version that was in production before, the last one first. */
  readonly former: readonly FormerProduction[];
}

/** The versions a rollback may choose, the last one in production first (rules §5). */
export function rollbackTargets({ production, former }: RollbackSituation): string[] {
  return former
    .filter(({ version, status, quarantine }) => version !== production && status === 'archived' && quarantine === null)
    .map(({ version }) => version);
}

/** Why production cannot be rolled back to a version, or undefined when it can; its artifacts are looked at after this. */
export function judgeRollback(
  situation: RollbackSituation,
  asked: { readonly from: string | null; readonly to: string },
): Refusal | undefined {
  const { production, former } = situation;
  if (asked.from !== production) {
    return {
      kind: 'conflict',
      what: 'production is not what you thought',
      given: asked.from ?? 'none',
      allowed: production ?? 'none',
      next: 'see gatehouse status, and decide again',
    };
  }
  const targets = rollbackTargets(situation);
  if (targets.includes(asked.to)) return undefined;
  if (targets.length === 0 && asked.to === '') {
    const next = 'gatehouse release lets a quarantined version go, or promote another one';
    return {
      kind: 'rule',
      what: 'there is nothing to roll back to',
      given: production ?? 'none',
      allowed: 'valid targets: none',
      next,
    };
  }
  const target = former.find(({ version }) => version === asked.to);
  const quarantined = target?.quarantine ?? null;
  const why =
    asked.to === production
      ? `${asked.to} is in production`
      : !target
        ? `${asked.to} was never in production`
        : quarantined !== null
          ? `${asked.to} is quarantined: ${quarantined}`
          : `${asked.to} is ${target.status}`;
  return {
    kind: 'rule',
    what: `no rollback target: ${why}`,
    given: asked.to,
    allowed: `valid targets: ${targets.join(', ') || 'none'}`,
    next:
      targets.length > 0
        ? `gatehouse rollback --to-version ${targets[0] ?? ''}`
        : 'gatehouse release, or promote another version',
  };
}

/**
 * Whether a refused rollback is the on-call's concern (rules §5): there is nothing to go back to, or a version that once served
 * may not. A caller who is mistaken about production or a version is told, and nobody else.
 */
export function pagesOnCall(situation: RollbackSituation, asked: { readonly from: string | null; readonly to: string }): boolean {
  const { production, former } = situation;
  if (asked.from !== production || asked.to === production) return false;
  return rollbackTargets(situation).length === 0 || former.some(({ version }) => version === asked.to);
}
