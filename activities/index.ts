import { createPollHealth } from './poll-health.js';
import { createDeliver } from './notify/deliver.js';
import { createAfterChange } from './registry/after-change.js';
import { applyEnvelope } from './registry/apply.js';
import { createChangeProduction } from './registry/change.js';
import { createDecide } from './registry/decide.js';
import type { Deps } from './registry/deps.js';
import { createFollowUp } from './registry/follow-up.js';
import { createJudge } from './registry/judge.js';
import { createStanding } from './registry/standing.js';
import { createRunChecks } from './run-checks.js';
import { toFailure } from './failures.js';

/** All activities over what the worker was given; every one is safe to run again. */
export function createActivities(deps: Deps) {
  return {
    standing: classified(createStanding(deps)),
    decide: classified(createDecide(deps)),
    judge: classified(createJudge(deps)),
    applyAct: classified((input: { envelope: string }) => applyEnvelope(deps, input.envelope)),
    runChecks: classified(createRunChecks(deps)),
    changeProduction: classified(createChangeProduction(deps)),
    followUp: classified(createFollowUp(deps)),
    afterChange: classified(createAfterChange(deps)),
    deliver: classified(createDeliver(deps)),
    pollHealth: classified(createPollHealth(deps)),
  };
}

/** What workflows see of the activities: their types. */
export type Activities = ReturnType<typeof createActivities>;

function classified<Input, Output>(activity: (input: Input) => Promise<Output>): (input: Input) => Promise<Output> {
  return async (input) => {
    try {
      return await activity(input);
    } catch (error) {
      throw toFailure(error);
    }
  };
}
