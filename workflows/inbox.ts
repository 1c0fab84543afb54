import {
  ApplicationFailure,
  CancellationScope,
  patched,
  setCurrentDetails,
  setDefaultSignalHandler,
  setHandler,
} from '@temporalio/workflow';
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
import { openPile } from './pile.js';
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
  /** Counts the signals that say nothing that can be read, since the promotion's first run. */
  readonly ignored: () => number;
  /** Says that something changed without a message. */
  readonly changed: () => void;
}

/** Runs from before this judged every signal by itself and left signals of other names uncounted. */
const PILED = 'signals-are-judged-in-batches';

/** Registers every handler of a promotion; must run before its first `await`, or early messages are refused. */
export function openInbox(record: Record, ignoredBefore = 0): Inbox {
  let progress: Progress | null = null;
  let ignored = ignoredBefore;
  let changes = 0;
  let messages = 0;

  function show(now: Progress): void {
    if (progress && now.asOf < progress.asOf) return;
    showInLists(progress, now);
    progress = now;
    showDetails();
  }

  function showDetails(): void {
    if (progress) setCurrentDetails(detailsOf(progress, ignored));
  }

  function ignore(): void {
    ignored += 1;
    showDetails();
  }

  function changed(): void {
    changes += 1;
  }

  async function decide({ envelope }: DecideMessage): Promise<DecideAnswer> {
    // Cancelling a run must not lose a decision: what was delivered is judged.
    const { answer, standing } = await CancellationScope.nonCancellable(() => record.decide(envelope));
    if (!standing) return answer;
    changed();
    show(standing.progress);
    return { ...answer, state: standing.progress.state, progress: standing.progress };
  }

  const pile = openPile(async (envelopes) => {
    const { accepted } = await record.judge(envelopes);
    if (accepted > 0) changed();
  });

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
    if (!isReadable(message)) ignore();
    else if (patched(PILED)) await pile.add(message.envelope);
    else await decide(message);
  });
  setDefaultSignalHandler(() => {
    if (patched(PILED)) messages += 1;
    ignore();
  });
  setHandler(recordChangedSignal, () => {
    messages += 1;
    changed();
  });
  setHandler(progressQuery, () => progress && { ...progress, ignored });

  return {
    show,
    changes: () => changes,
    messages: () => messages,
    ignored: () => ignored,
    changed,
  };
}

function refuseUnreadable(message: unknown): void {
  if (isReadable(message)) return;
  throw ApplicationFailure.nonRetryable(UNREADABLE, 'Unreadable');
}
