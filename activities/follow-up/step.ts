import type { AuditAction } from '../../domain/audit.js';
import type { Notice } from '../../domain/notice.js';
import type { Tx } from '../../platform/pool.js';
import type { MadeChange } from '../registry/change-made.js';
import type { Deps } from '../registry/deps.js';

/** What is kept of a step. */
export type Detail = { readonly [name: string]: string | null };

/** What a step came to; `skipped` where there was nothing to do here, which `detail` says. */
export interface Outcome {
  readonly outcome: 'done' | 'failed' | 'skipped';
  readonly detail: Detail;
  /** Null where nothing changed that anybody has to know. */
  readonly audit: AuditAction | null;
  readonly notices?: readonly Notice[];
  /** The keys of notices that the step has put on the record itself. */
  readonly written?: readonly string[];
}

/**
 * One step after a production change. What takes long or goes out of this installation is done before the transaction in which
 * the answer writes and is recorded; both may run again. Throws what is tried again.
 */
export type Step = (deps: Deps, change: MadeChange) => Promise<(tx: Tx) => Promise<Outcome>>;

/** The outcome of a step that has no action of its own on the trail. */
export function stepTaken(step: string, outcome: Outcome['outcome'], detail: Detail, notices: readonly Notice[] = []): Outcome {
  return { outcome, detail: { step, outcome, ...detail }, audit: 'change.followed-up', notices };
}
