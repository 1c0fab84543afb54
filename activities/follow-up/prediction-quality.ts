import { baselineIn } from '../../platform/read/live.js';
import { formatFigure } from '../../domain/metrics.js';
import { readHoldout } from '../checks/holdout.js';
import { measure } from '../checks/measure.js';
import { ModelRefused } from '../checks/model-refused.js';
import { pinnedPolicy } from '../registry/pinned.js';
import { loadSubject, PackageDamaged } from '../registry/subject.js';
import { stepTaken, type Step } from './step.js';

/**
 * Guidelines, Rollback Validation: "Confirm prediction quality": the restored version, run again on its hold-out set, is as accurate
 * as when it was promoted. How it does on live labels is what its watch says.
 */
export const confirmQuality: Step = async ({ pool, store, models }, { model, to }) => {
  const version = to ?? '';
  const answer = (outcome: 'done' | 'failed', detail: Readonly<Record<string, string>>) => () =>
    Promise.resolve(stepTaken('prediction-quality', outcome, { version, ...detail }));
  try {
    const subject = await loadSubject(pool, store, model, version);
    if (!subject) return answer('failed', { why: 'it is not registered' });
    const policy = await pinnedPolicy(pool, model, version);
    const rows = await readHoldout({ store, subject, heartbeat: () => undefined });
    const { figures } = await measure({ store, models, policy }, subject, rows);
    const { accuracy } = await baselineIn(pool, model, version);
    const measured = `accuracy ${formatFigure(figures.accuracy)} on ${figures.rows} hold-out rows`;
    const before = accuracy === null ? 'not recorded' : formatFigure(accuracy);
    // Compared as it was recorded: to six decimals.
    const isAsGood = accuracy !== null && Number(formatFigure(figures.accuracy)) >= accuracy;
    return answer(isAsGood ? 'done' : 'failed', { measured, baseline: before });
  } catch (error) {
    if (error instanceof ModelRefused || error instanceof PackageDamaged) return answer('failed', { why: error.message });
    throw error;
  }
};
