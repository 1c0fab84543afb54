import { WorkflowNotFoundError, type Client, type WorkflowExecutionDescription } from '@temporalio/client';
import type { ActivityShown, RunShown } from './stuck.js';

/** Whoever asks holds a lock meanwhile, so no answer may take long. */
export const ANSWER_WITHIN_MS = 10_000;

/** A promotion's run that has not ended. */
export interface LivingRun extends RunShown {
  readonly runId: string;
  /** The name of its workflow type. */
  readonly type: string;
  /** The same for every run that this one was continued from. */
  readonly firstRunId: string;
}

type Activity = NonNullable<WorkflowExecutionDescription['raw']['pendingActivities']>[number];
type Moment = Activity['scheduledTime'];

/** `temporal.api.enums.v1.PendingActivityState`. */
const STARTED = [2, 3];
const PAUSING = [4, 5];

/** The run that lives under a workflow id, or undefined when none does. */
export async function livingRun(client: Client, workflowId: string): Promise<LivingRun | undefined> {
  try {
    const { status, runId, type, taskQueue, raw } = await client.withDeadline(Date.now() + ANSWER_WITHIN_MS, () =>
      client.workflow.getHandle(workflowId).describe(),
    );
    if (status.name !== 'RUNNING' && status.name !== 'PAUSED') return undefined;
    const { versioningInfo: versioning, firstRunId } = raw.workflowExecutionInfo ?? {};
    return {
      runId,
      type,
      firstRunId: firstRunId ?? '',
      taskQueue,
      isPaused: status.name === 'PAUSED' || Boolean(raw.workflowExtendedInfo?.pauseInfo),
      isBound: Boolean(versioning?.versioningOverride) || Boolean(versioning?.behavior),
      taskAttempt: raw.pendingWorkflowTask?.attempt ?? 0,
      activities: (raw.pendingActivities ?? []).map(activityShown),
    };
  } catch (error) {
    if (error instanceof WorkflowNotFoundError) return undefined;
    throw error;
  }
}

function activityShown(activity: Activity): ActivityShown {
  const { state, activityOptions: options } = activity;
  return {
    type: activity.activityType?.name ?? 'unknown',
    taskQueue: options?.taskQueue?.name ?? '',
    isPaused: activity.paused === true || PAUSING.includes(state ?? 0),
    isStarted: STARTED.includes(state ?? 0),
    limitMs: msOf(options?.startToCloseTimeout),
    nextInMs: msOf(activity.nextAttemptScheduleTime ?? activity.scheduledTime) - Date.now(),
  };
}

function msOf(moment: Moment): number {
  return (moment?.seconds?.toNumber() ?? 0) * 1_000;
}
