import type { Condition, ConditionName } from './live-condition.js';
import type { Policy } from './policy.js';
import { rollbackTargets, type RollbackSituation } from './rollback.js';
import { lasting } from './times.js';

/** A window of the version in production as the record has it; instants in epoch milliseconds. */
export interface RecordedWindow {
  readonly id: string;
  readonly from: number;
  readonly to: number;
  readonly conditions: readonly Pick<Condition, 'condition' | 'severity' | 'known'>[];
}

/** What an automatic rollback is decided on, as the record has it under the model's lock. */
export interface RollbackEvidence {
  /** Of the version now in production alone, by their ends, newest first; as many as the policy looks at are enough. */
  readonly windows: readonly RecordedWindow[];
  readonly now: number;
  readonly situation: RollbackSituation;
  /** When an automatic rollback put the version now in production back there; null where something else did. */
  readonly restoredAt: number | null;
}

/** Whether an automatic rollback is due, and why it is made or is not. */
export type RollbackDecision =
  | { readonly kind: 'none' }
  | (Breach & {
      readonly kind: 'due';
      readonly to: string;
      /** All that may be chosen, `to` first: what follows where its artifacts do not match. */
      readonly targets: readonly string[];
    })
  /** Due, but not by itself: an automatic rollback put this version there less than the cool-down ago. */
  | (Breach & { readonly kind: 'needs-person'; readonly to: string })
  /** Due, with nothing to go back to: it pages and keeps paging. */
  | (Breach & { readonly kind: 'no-target' });

/** What was broken, in which windows, newest first. */
export interface Breach {
  readonly condition: ConditionName;
  readonly windows: readonly string[];
  readonly why: string;
}

type RollbackRules = Pick<Policy, 'watch' | 'rollback'>;

/** A window speaks for this many intervals after its end, and the next in a row ends within as many. */
const INTERVALS_COVERED = 2;
const ROLLBACK_CONDITIONS = ['accuracy', 'error-rate', 'latency'] as const satisfies ConditionName[];

/** Whether the last windows of the version in production ask for an automatic rollback, and to which version (rules §4 and §5). */
export function decideRollback(evidence: RollbackEvidence, rules: RollbackRules): RollbackDecision {
  const row = lastRow(evidence, rules);
  const condition = ROLLBACK_CONDITIONS.find((name) => row.length > 0 && row.every((window) => isBroken(window, name)));
  if (!condition) return { kind: 'none' };
  const over = row.length === 1 ? 'in the last window' : `in each of the last ${row.length} windows`;
  const breach = { condition, windows: row.map(({ id }) => id), why: `${condition} was beyond its rollback limit ${over}` };
  const targets = rollbackTargets(evidence.situation);
  const to = targets[0];
  if (to === undefined) return { ...breach, kind: 'no-target', why: `${breach.why}, and there is no version to roll back to` };
  const { restoredAt, now } = evidence;
  if (restoredAt !== null && now - restoredAt < rules.rollback.cooldown) {
    const since = `an automatic rollback put ${evidence.situation.production ?? ''} there ${lasting(now - restoredAt)} ago`;
    return {
      ...breach,
      kind: 'needs-person',
      to,
      why: `${breach.why}; ${since}, and within the cool-down another takes a person`,
    };
  }
  return { ...breach, kind: 'due', to, targets };
}

/** The policy's number of windows, the newest fresh and none missing between them; empty where there is no such row. */
function lastRow({ windows, now }: RollbackEvidence, { rollback, watch }: RollbackRules): RecordedWindow[] {
  const reach = INTERVALS_COVERED * watch.every;
  const row = windows.slice(0, Math.max(1, rollback.windows));
  const newest = row[0];
  if (!newest || row.length < rollback.windows || Math.abs(now - newest.to) > reach) return [];
  const isUnbroken = row.every((window, at) => {
    const before = row[at + 1];
    return !before || (before.to < window.to && window.to - before.to <= reach);
  });
  return isUnbroken ? row : [];
}

function isBroken({ conditions }: RecordedWindow, name: ConditionName): boolean {
  return conditions.some(({ condition, severity, known }) => condition === name && known && severity === 'rollback');
}
