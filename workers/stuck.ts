/** One thing a run waits for, as Temporal shows it. */
export interface ActivityShown {
  readonly type: string;
  readonly taskQueue: string;
  readonly isPaused: boolean;
  /** Whether some worker says it works on it. */
  readonly isStarted: boolean;
  /** How long one try may take. */
  readonly limitMs: number;
  /** How long until the next try is handed out; not positive when it is only a worker that is missing. */
  readonly nextInMs: number;
}

/** A run as Temporal shows it. */
export interface RunShown {
  readonly taskQueue: string;
  readonly isPaused: boolean;
  /** Whether it may only be worked on by workers of one deployment; Gatehouse's belong to none. */
  readonly isBound: boolean;
  /** Which try of its workflow task is under way; 0 when there is none. */
  readonly taskAttempt: number;
  readonly activities: readonly ActivityShown[];
}

/** What speaks against a run, and how long that may last before the run is replaced. */
export interface Suspicion {
  readonly why: string;
  readonly patienceMs: number;
}

/** The task queues that a run and its activities belong on. */
export interface Queues {
  readonly run: string;
  readonly activity: (type: string) => string;
}

/** For how long the same run has been suspicious, round after round. */
export interface Watched {
  readonly runId: string;
  readonly rounds: number;
  readonly sinceMs: number;
  readonly lastMs: number;
}

const LOOKS_MISSED = 3;
const GRACE_MS = 60_000;
const MOST_TASK_ATTEMPTS = 5;
const ROUNDS = 3;
const LEAST_PATIENCE_MS = 40_000;
/** A workflow task waits in line after an outage, or behind a busy worker. */
const TASK_PATIENCE_MS = 5 * 60_000;
/** Rounds further apart are not consecutive: the record, Temporal or this worker was away in between. */
const GAP_MS = 2 * 60_000;

/** Whether a version that is looked at every `everyMs` has had no look for too long. */
export function isOverdue(silentMs: number, everyMs: number): boolean {
  return silentMs > LOOKS_MISSED * everyMs + GRACE_MS;
}

/**
 * What speaks against a run that is alive. `lateEveryMs` is the interval of its looks when they are overdue, otherwise null.
 * Being late alone is no reason: an activity that will soon be tried again is an outage being waited out, and one that
 * is under way has its own limit.
 */
export function suspicionOf(run: RunShown, queues: Queues, lateEveryMs: number | null): Suspicion | null {
  const wrong = whatIsWrong(run, queues);
  if (wrong !== undefined) return { why: wrong, patienceMs: LEAST_PATIENCE_MS };
  if (lateEveryMs === null) return null;
  const isRetried = ({ isStarted, nextInMs }: ActivityShown) => !isStarted && nextInMs <= lateEveryMs + GRACE_MS;
  if (run.activities.some(isRetried)) return null;
  const limits = run.activities.filter(({ isStarted }) => isStarted).map(({ limitMs }) => limitMs + GRACE_MS);
  const patienceMs = Math.max(LEAST_PATIENCE_MS, run.taskAttempt > 0 ? TASK_PATIENCE_MS : 0, ...limits);
  return { why: 'it is alive, but the record has heard nothing of it for too long', patienceMs };
}

/** What of a run is not as Gatehouse's workers would have it, however long that has been so; undefined when nothing is. */
export function whatIsWrong(run: RunShown, queues: Queues): string | undefined {
  return runIsWrong(run, queues.run) ?? run.activities.map((each) => activityIsWrong(each, queues)).find(Boolean);
}

function runIsWrong({ taskQueue, isPaused, isBound, taskAttempt }: RunShown, ours: string): string | undefined {
  if (taskQueue !== ours) return `it is on task queue ${JSON.stringify(taskQueue).slice(0, 200)}`;
  if (isPaused) return 'it is paused';
  if (isBound) return 'it is bound to the workers of another deployment';
  if (taskAttempt > MOST_TASK_ATTEMPTS) return `its workflow task was tried ${taskAttempt} times`;
  return undefined;
}

function activityIsWrong({ type, taskQueue, isPaused }: ActivityShown, queues: Queues): string | undefined {
  if (isPaused) return `its activity ${type} is paused`;
  if (taskQueue !== queues.activity(type))
    return `its activity ${type} is on task queue ${JSON.stringify(taskQueue).slice(0, 200)}`;
  return undefined;
}

/** One more round in which a run was suspicious. */
export function watchOn(before: Watched | undefined, runId: string, nowMs: number): Watched {
  const goesOn = before?.runId === runId && nowMs - before.lastMs <= GAP_MS && nowMs >= before.lastMs;
  if (!goesOn) return { runId, rounds: 1, sinceMs: nowMs, lastMs: nowMs };
  return { ...before, rounds: before.rounds + 1, lastMs: nowMs };
}

/** Whether a run has been suspicious for so long that it is replaced. */
export function isStuck({ rounds, sinceMs, lastMs }: Watched, { patienceMs }: Suspicion): boolean {
  return rounds >= ROUNDS && lastMs - sinceMs >= patienceMs;
}
