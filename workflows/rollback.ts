import { ApplicationFailure, patched, setCurrentDetails } from '@temporalio/workflow';
import type { AfterChange } from '../activities/registry/after-change.js';
import { production } from './activities.js';
import { takeSteps } from './follow-up.js';
import type { ChangeInput } from './messages.js';
import { askAboutChange } from './record.js';

/** How a change by hand was followed up. */
export interface ChangeResult {
  readonly from: string | null;
  readonly to: string | null;
  readonly done: readonly string[];
}

/** What follows a rollback: the swap is made; serving is pointed to the restored version and looked at, the one that left is archived, people hear. */
export function rollback(input: ChangeInput): Promise<ChangeResult> {
  return followUp(input);
}

/** What follows the retirement of a version: serving is pointed to nothing, the version is archived. */
export function retirement(input: ChangeInput): Promise<ChangeResult> {
  return followUp(input);
}

async function followUp(input: ChangeInput): Promise<ChangeResult> {
  const changeKey: unknown = (input as ChangeInput | null | undefined)?.changeKey;
  if (typeof changeKey !== 'string') throw ApplicationFailure.nonRetryable('changeKey: a text is expected', 'BadInput');
  let change = await askAboutChange(changeKey);
  if (patched('follow-ups-side-by-side')) {
    for (; change.steps.length > 0; change = await askAboutChange(changeKey)) {
      setCurrentDetails(detailsOf(change));
      await takeSteps(changeKey, change.steps);
    }
  }
  for (const step of change.steps) {
    setCurrentDetails(detailsOf(change));
    await production.followUp.executeWithOptions({ summary: step }, [{ changeKey, step }]);
    change = { ...change, done: [...change.done, step], steps: change.steps.filter((each) => each !== step) };
  }
  setCurrentDetails(detailsOf(change));
  return { from: change.from, to: change.to, done: change.done };
}

function detailsOf({ kind, model, from, to, at, done, steps }: AfterChange): string {
  const what = to === null ? `${from ?? 'none'} is out of production` : `production went from ${from ?? 'none'} to ${to}`;
  return [
    `**${model}: ${what}** (${kind}, ${at})\n`,
    '- [x] swap',
    ...done.map((step) => `- [x] ${step}`),
    ...steps.map((step) => `- [ ] ${step}`),
  ].join('\n');
}
