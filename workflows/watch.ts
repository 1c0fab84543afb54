import {
  ActivityFailure,
  ApplicationFailure,
  CancellationScope,
  continueAsNew,
  setCurrentDetails,
  sleep,
  TimeoutFailure,
  upsertSearchAttributes,
  workflowInfo,
} from '@temporalio/workflow';
import type { Watched } from '../activities/watch/poll-watch.js';
import { live } from './activities.js';
import type { WatchInput } from './messages.js';
import { severityPair, versionPairs } from './search-attributes.js';

/**
 * Watches a version for as long as it is in production: figures are read, recorded and judged by one activity, which also takes the
 * version back where that is due; the run goes on when that activity is gone and shows what changes. Cancelling it changes nothing.
 */
export function watch(input: WatchInput): Promise<void> {
  const changeKey: unknown = (input as WatchInput | null | undefined)?.changeKey;
  if (typeof changeKey !== 'string') throw ApplicationFailure.nonRetryable('changeKey: a text is expected', 'BadInput');
  return CancellationScope.nonCancellable(() => follow({ changeKey }));
}

async function follow(input: WatchInput): Promise<void> {
  for (;;) {
    const seen = await look(input);
    if (seen?.kind === 'left') return;
    if (seen) show(seen);
    if (!seen || workflowInfo().continueAsNewSuggested) await continueAsNew<typeof watch>(input);
  }
}

/** How long a look that somebody else has ended rests before the next one. */
const REST = '2 seconds';

/** What the next change is; undefined when a month is over without one, or when what came back is none of ours. */
async function look(input: WatchInput): Promise<Watched | undefined> {
  try {
    const seen: Watched = await live.pollWatch(input);
    if (seen.kind === 'left' || (seen.kind === 'changed' && Array.isArray(seen.changes) && Array.isArray(seen.open))) return seen;
  } catch (error) {
    if (!(error instanceof ActivityFailure)) throw error;
    if (error.cause instanceof TimeoutFailure) return undefined;
  }
  await sleep(REST, { summary: 'look again' });
  return undefined;
}

function show({ model, version, severity, open, changes }: Extract<Watched, { kind: 'changed' }>): void {
  upsertSearchAttributes([...versionPairs(model, version), severityPair(severity)]);
  setCurrentDetails(
    [
      `**${model} ${version} in production: ${severity === 'none' ? 'no incident is open' : severity}**\n`,
      ...changes.map(({ condition, change, severity: of, what }) => `- ${condition} ${change} (${of}): ${what}`),
      ...(open.length > 0 ? [`\nOpen: ${open.join(', ')}`] : []),
    ].join('\n'),
  );
}
