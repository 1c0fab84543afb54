import { newestWindows, versionsInService } from '../../platform/read/live.js';
import { NotYet } from '../failures.js';
import { stepTaken, type Step } from './step.js';

const SERVICE = ['error-rate', 'latency'];

/**
 * Guidelines, Rollback Validation: "Verify service health metrics": the first window of the restored version whose error rate and
 * latency are known says whether it answers as it should. What cannot be known within the policy's patience has failed.
 */
export const confirmHealth: Step = async ({ pool }, { key }) => {
  const [watched] = await versionsInService(pool, { changeKey: key });
  if (!watched) return () => Promise.resolve(stepTaken('service-health', 'skipped', { why: 'it has left production again' }));
  const [window] = await newestWindows(pool, key, 1);
  const found = window?.figures.conditions.filter(({ condition }) => SERVICE.includes(condition)) ?? [];
  const isKnown = found.length === SERVICE.length && found.every(({ known }) => known);
  const { version, now, since, policy } = watched;
  if (!isKnown && now - since <= policy.patience.critical)
    throw new NotYet(`no window of ${version} says yet how it answers; it is looked at again`);
  const isWell = isKnown && found.every(({ severity }) => severity === 'none' || severity === 'info');
  const said = found.map(({ condition, measured, why }) => `${condition} ${measured}${why && ` (${why})`}`).join('; ');
  const detail = { version, measured: said || 'no window yet' };
  return () => Promise.resolve(stepTaken('service-health', isWell ? 'done' : 'failed', detail));
};
