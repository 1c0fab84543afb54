import type { Notice } from '../../domain/notice.js';
import type { MadeChange } from '../registry/change-made.js';
import { stepTaken, type Step } from './step.js';

/** Guidelines: "Notify stakeholders": of the change itself they were told with it; after a rollback they hear what confirmed it. */
export const tellStakeholders: Step = async (_deps, change) => async (tx) => {
  const { key, kind } = change;
  if (kind === 'promotion' || kind === 'retirement') return stepTaken('stakeholders', 'done', { notice: `${key}/changed` });
  const { rows } = await tx.query<{ step: string; outcome: string; detail: string }>(
    'SELECT step, outcome, detail FROM follow_up WHERE change_key = $1 ORDER BY at, step',
    [key],
  );
  const notice = validated(change, rows);
  return stepTaken('stakeholders', 'done', { notice: notice.key }, [notice]);
};

function validated({ key, model, to }: MadeChange, steps: readonly { step: string; outcome: string; detail: string }[]): Notice {
  const failed = steps.filter(({ outcome }) => outcome === 'failed').map(({ step }) => step);
  const lines = steps.map(({ step, outcome, detail }) => {
    const { measured, why } = JSON.parse(detail) as { readonly measured?: string; readonly why?: string };
    return `${step}: ${outcome}${measured || why ? ` (${measured ?? why})` : ''}`;
  });
  return {
    key: `${key}/validated`,
    kind: 'production-changed',
    subject: key,
    audience: failed.length === 0 ? ['stakeholders'] : ['stakeholders', 'on_call', 'mlops'],
    ...(failed.length > 0 && { severity: 'warning' as const }),
    title: `${model}: the rollback to ${to ?? 'none'} is ${failed.length === 0 ? 'confirmed' : `not confirmed: ${failed.join(', ')} failed`}`,
    body: lines.join('; '),
  };
}
