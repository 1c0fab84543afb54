import type { MadeChange } from '../registry/change-made.js';
import { stepTaken, type Detail, type Step } from './step.js';

/** Guidelines, Rollback Validation and Post-Promotion Tasks: the change is drawn on every dashboard that is configured. */
export const updateDashboards: Step = async ({ dashboards }, change) => {
  const where: string[] = [];
  for (const each of dashboards) {
    const { key, at, model, kind } = change;
    where.push(await each.annotate({ key, at, model, text: textOf(change), tags: ['gatehouse', model, kind] }));
  }
  const detail: Detail = where.length > 0 ? { drawn: where.join(', ') } : { why: 'no dashboard is configured' };
  return () => Promise.resolve(stepTaken('dashboards', where.length > 0 ? 'done' : 'skipped', detail));
};

function textOf({ kind, model, from, to }: MadeChange): string {
  return `${model}: ${kind}, production went from ${from ?? 'none'} to ${to ?? 'none'}`;
}
