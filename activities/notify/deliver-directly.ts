import { channelsOwed } from '../../domain/routing.js';
import { loggable } from '../failures.js';
import { createDeliverTo } from './deliver.js';
import { recordedNotice } from './message.js';

/** After how long a notice that nobody has delivered is tried again. */
export const CHANNEL_RETRY_MS = 10_000;

/**
 * Delivers notices without Temporal, over all their channels side by side; one that cannot be reached now is logged, and left to
 * whoever tries again: another call, or the notice's run.
 */
export function deliverDirectly(deps: Parameters<typeof createDeliverTo>[0]): (key: string) => Promise<void> {
  const deliverTo = createDeliverTo(deps);
  return async (key) => {
    const { channels } = await recordedNotice(deps.pool, key);
    await Promise.all(
      channelsOwed(channels).map((channel) =>
        deliverTo({ key, channel }).catch((error: unknown) => {
          deps.log('warn', 'a notice could not be delivered yet', { key, channel, ...loggable(error) });
        }),
      ),
    );
  };
}
