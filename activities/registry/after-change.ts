import { stepsOpen, type ChangeKind } from '../../domain/follow-ups.js';
import { BadInput } from '../failures.js';
import { changeMade } from './change-made.js';
import type { Deps } from './deps.js';

/** A production change that no attempt made as its run sees it: what it was, what is done, and what is to be done now side by side. */
export interface AfterChange {
  readonly kind: ChangeKind;
  readonly model: string;
  readonly from: string | null;
  readonly to: string | null;
  readonly at: string;
  readonly done: readonly string[];
  readonly steps: readonly string[];
}

/** Answers the one question of a run that follows up a change: what now? */
export function createAfterChange({ pool }: Pick<Deps, 'pool'>) {
  return async function afterChange({ changeKey }: { changeKey: string }): Promise<AfterChange> {
    const change = await changeMade(pool, changeKey);
    if (!change) throw new BadInput(`no production change ${JSON.stringify(changeKey).slice(0, 200)}`);
    const { kind, model, from, to, at, followUps, stepsDone } = change;
    return { kind, model, from, to, at, done: stepsDone, steps: stepsOpen({ followUps, done: stepsDone }) };
  };
}
