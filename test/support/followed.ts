import { createActivities } from '../../activities/index.js';
import { known, unknown, type LiveReading } from '../../domain/live.js';
import { inActivity } from './staged.js';
import type { World } from './world.js';

/** Figures of a version that answers as it should, without labels. */
export const WELL: LiveReading = {
  service: known({ requests: 1_000, errors: 0, latency: { p50: 1, p95: 2, p99: 3 } }),
  labels: unknown('no data', 'no label has arrived'),
};

/** Has one look at what a change put into production find this; its run is told what a look tells it. */
export async function seen(world: World, changeKey: string, reading = WELL): Promise<void> {
  const source = {
    name: 'fake',
    read: () => Promise.resolve(reading),
    features: () => Promise.resolve(unknown('no data', 'no features')),
  };
  const { pollWatch } = createActivities({ ...world.deps, sources: () => source });
  await inActivity(pollWatch, { changeKey }).catch((error: unknown) => {
    if ((error as { type?: string }).type !== 'NextLook') throw error;
  });
}

/** Takes every step that follows a change that no attempt made, as its run does; what serves now is seen to answer well. */
export async function followed(world: World, changeKey: string): Promise<void> {
  for (;;) {
    const { steps } = await world.activities.afterChange({ changeKey });
    if (steps.length === 0) return;
    for (const step of steps) {
      if (step === 'service-health') await seen(world, changeKey);
      await world.activities.followUp({ changeKey, step });
    }
  }
}
