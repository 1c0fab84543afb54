import { ApplicationFailure } from '@temporalio/common';
import { createPollHealth } from './poll-health.js';
import { createPollWatch } from './watch/poll-watch.js';
import { createDeliver, createDeliverTo } from './notify/deliver.js';
import { createAfterChange } from './registry/after-change.js';
import { applyEnvelope } from './registry/apply.js';
import { createChangeProduction } from './registry/change.js';
import { createDecide } from './registry/decide.js';
import type { Deps } from './registry/deps.js';
import { createFollowUp } from './registry/follow-up.js';
import { createJudge } from './registry/judge.js';
import { createStanding } from './registry/standing.js';
import { createRunChecks } from './run-checks.js';
import { loggable, toFailure } from './failures.js';

/** All activities over what the worker was given; every one is safe to run again. */
export function createActivities(deps: Deps) {
  /** What Temporal is not told stands in the log. */
  const classified =
    <Input, Output>(activity: (input: Input) => Promise<Output>): ((input: Input) => Promise<Output>) =>
    async (input) => {
      try {
        return await activity(input);
      } catch (error) {
        if (!(error instanceof ApplicationFailure))
          deps.log('warn', 'an activity failed', { activity: activity.name, ...loggable(error) });
        throw toFailure(error);
      }
    };
  return {
    standing: classified(createStanding(deps)),
    decide: classified(createDecide(deps)),
    judge: classified(createJudge(deps)),
    applyAct: classified(function applyAct(input: { envelope: string }) {
      return applyEnvelope(deps, input.envelope);
    }),
    runChecks: classified(createRunChecks(deps)),
    changeProduction: classified(createChangeProduction(deps)),
    followUp: classified(createFollowUp(deps)),
    afterChange: classified(createAfterChange(deps)),
    deliver: classified(createDeliver(deps)),
    deliverTo: classified(createDeliverTo(deps)),
    pollHealth: classified(createPollHealth(deps)),
    pollWatch: classified(createPollWatch(deps)),
  };
}

/** What workflows see of the activities: their types. */
export type Activities = ReturnType<typeof createActivities>;
