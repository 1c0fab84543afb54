import type { CheckName, Finding } from '../../domain/checks.js';
import type { Policy } from '../../domain/policy.js';
import type { Store } from '../../platform/store.js';
import type { DataProfiler, LoadMeasured, ModelRunner } from '../ports.js';
import type { CheckSubject } from './subject.js';

/** What checks use of the content-addressed store. */
export type CheckStore = Pick<Store, 'pathOf' | 'verify'>;

/** Everything a check may look at and work with. */
export interface CheckContext {
  readonly store: CheckStore;
  readonly models: ModelRunner;
  readonly data: DataProfiler;
  readonly subject: CheckSubject;
  /** The version in production today; null when there is none, or when the check does not say that it needs it. */
  readonly production: CheckSubject | null;
  /** The model under the policy's load: one run for all the checks of a round that need it. */
  readonly underLoad: () => Promise<UnderLoad>;
  readonly policy: Policy;
  /** The database's time, in milliseconds. */
  readonly now: number;
  readonly signal?: AbortSignal;
  readonly heartbeat: () => void;
}

/** What running a version's model under the policy's load gave. */
export interface UnderLoad {
  readonly sizeBytes: number;
  /** Null where the model is at fault that there is none; `reasons` then says how. */
  readonly measured: LoadMeasured | null;
  /** What is wrong already, whatever the figures are. */
  readonly reasons: readonly string[];
  readonly source: string;
}

/** One automated check: answers what it found, and throws when it could not measure. */
export interface Check {
  readonly name: CheckName;
  /** `production`: the version that is there today. `load`: a machine on which no other check of the round is at work. */
  readonly needs?: 'production' | 'load';
  run(context: CheckContext): Promise<Finding>;
}

/** A finding that passes when there is no reason against it. */
export function found(
  check: CheckName,
  reasons: readonly string[],
  rest: Pick<Finding, 'measured' | 'limit' | 'source' | 'curves'>,
): Finding {
  return { check, verdict: reasons.length === 0 ? 'pass' : 'fail', reason: reasons.join('; '), ...rest };
}

/** A list in words, cut after a few: `a, b, c and 12 more`. */
export function listed(names: readonly string[], shown = 5): string {
  const more = names.length - shown;
  return more > 0 ? `${names.slice(0, shown).join(', ')} and ${more} more` : names.join(', ');
}
