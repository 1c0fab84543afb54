import { versionsInService } from '../../platform/read/live.js';
import { stepTaken, type Step } from './step.js';

/** Starts the watch of the version that came into production; from then on it goes on by itself (rules §7). */
export const startWatch: Step = async ({ pool, runs }, { key }) => {
  const [watched] = await versionsInService(pool, { changeKey: key });
  if (!watched) return () => Promise.resolve(stepTaken('watch', 'skipped', { why: 'it has left production again' }));
  const { model, version, n } = watched;
  await runs.watch({ key, model, version, n });
  return () => Promise.resolve(stepTaken('watch', 'done', { version }));
};
