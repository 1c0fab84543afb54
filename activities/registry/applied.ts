import type { ActPayload } from '../../domain/acts.js';
import type { Refusal } from '../../domain/refusal.js';
import type { Person } from '../../platform/people.js';
import type { Tx } from '../../platform/pool.js';
import type { ActAnswer } from '../../workflows/messages.js';
import type { Deps } from './deps.js';

/** One signed act on its way onto the record: who, what, and when it was received. */
export interface SignedAct {
  readonly hash: string;
  readonly payload: ActPayload;
  readonly person: Person;
  /** Database time of receipt, ISO. */
  readonly at: string;
  /** The promotion whose run received it, when one did. */
  readonly toRun: string | null;
}

/** What applying an act came to: refused, or done with what there is to tell, and what to do after the commit. */
export type Applied =
  | { readonly refusal: Refusal; readonly subject?: string; readonly notices?: readonly string[] }
  | {
      readonly refusal?: undefined;
      /** The keys of the notices that were written while it was judged. */
      readonly notices?: readonly string[];
      readonly subject: string;
      readonly result: ActAnswer['result'];
      /** The attempt whose stage may change by this act, in the same transaction. */
      readonly settle?: string;
      /** What the act does once its envelope is on the record, in the same transaction; answers the notices it wrote. */
      readonly effect?: (tx: Tx) => Promise<readonly string[]>;
      /** The production change that has to be followed up after the commit; a lost start is made good by the reconcile loop. */
      readonly follow?: { readonly key: string; readonly model: string };
      /** Runs that must exist or hear of it; done after the commit; a lost start is made good by the reconcile loop, a lost nudge by the next health look. */
      readonly ensureRun?: string;
      readonly nudge?: readonly string[];
    };

/** Applies one act within the transaction; judges before it writes anything of its own. */
export type ApplyAct = (tx: Tx, act: SignedAct, deps: Deps) => Promise<Applied>;
