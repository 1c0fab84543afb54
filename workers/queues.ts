import type { Activities } from '../activities/index.js';
import { EVIDENCE_QUEUE, TASK_QUEUE } from '../workflows/messages.js';
import type { Queues } from './stuck.js';

const MEASURES: keyof Activities = 'runChecks';

/** Where runs and activities belong. */
export const QUEUES: Queues = { run: TASK_QUEUE, activity: (type) => (type === MEASURES ? EVIDENCE_QUEUE : TASK_QUEUE) };
