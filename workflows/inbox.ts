import { ApplicationFailure, CancellationScope, setCurrentDetails, setHandler } from '@temporalio/workflow';
import type { Progress } from '../domain/progress.js';
import { detailsOf } from './details.js';
import {
  decideSignal,
  decideUpdate,
  isReadable,
  progressQuery,
  recordChangedSignal,
  UNREADABLE,
  type DecideAnswer,
  type DecideMessage,
} from './messages.js';
import type { Record } from './record.js';
import { showInLists } from './search-attributes.js';

/** What reaches a run from outside, and what it shows. */
export interface Inbox {
  /** Shows a newer reading of the record in query, details and search attributes. */
  readonly show: (progress: Progress) => void;
  /** Counts everything after which the record must be looked at again. */
  readonly changes: () => number;
  /** Counts every message, junk included, towards the run's limit. */
  readonly messages: () => number;
  /** Says that something changed without a message. */
  readonly changed: () => void;
}

/** Registers every handler of a promotion; must run before its first `await`, or early messages are refused. */
export function openInbox(record: Record): Inbox {
  let progress: Progress | null = null;
  let changes = 0;
  let messages = 0;

  function show(now: Progress): void {
    if (progress && now.asOf < progress.asOf) return;
    showInLists(progress, now);
    setCurrentDetails(detailsOf(now));
    progress = now;
  }

  function changed(): void {
    changes += 1;
  }

  async function decide({ envelope }: DecideMessage): Promise<DecideAnswer> {
    // Cancelling a run must not lose a decision: what was delivered is judged.
    const { answer, standing } = await CancellationScope.nonCancellable(() => record.decide(envelope));
    changed();
    show(standing.progress);
    return { ...answer, state: standing.progress.state, progress: standing.progress };
  }

  setHandler(
    decideUpdate,
    (message) => {
      messages += 1;
      return decide(message);
    },
    { validator: refuseUnreadable },
  );
  setHandler(decideSignal, async (message) => {
    messages += 1;
    if (isReadable(message)) await decide(message);
  });
  setHandler(recordChangedSignal, () => {
    messages += 1;
    changed();
  });
  setHandler(progressQuery, () => progress);

  return {
    show,
    changes: () => changes,
    messages: () => messages,
    changed,
  };
}

function refuseUnreadable(message: unknown): void {
  if (isReadable(message)) return;
  throw ApplicationFailure.nonRetryable(UNREADABLE, 'Unreadable');
}
