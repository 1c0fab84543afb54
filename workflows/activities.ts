import { proxyActivities } from '@temporalio/workflow';
import type { Activities } from '../activities/index.js';
import { EVIDENCE_QUEUE } from './messages.js';

/** One signed act, applied in one transaction. */
export const acts = proxyActivities<Pick<Activities, 'applyAct'>>({
  startToCloseTimeout: '1 minute',
  retry: { initialInterval: '500 milliseconds', maximumInterval: '10 seconds' },
  summary: 'apply the signed act',
});

/** The measurements of one round, all in one: as long as they need, but never silent for longer than the heartbeat. */
export const evidence = proxyActivities<Pick<Activities, 'runChecks'>>({
  taskQueue: EVIDENCE_QUEUE,
  startToCloseTimeout: '6 hours',
  heartbeatTimeout: '20 seconds',
  retry: { initialInterval: '1 second', maximumInterval: '30 seconds' },
});

/** The one transaction that changes production. */
export const production = proxyActivities<Pick<Activities, 'changeProduction' | 'followUp'>>({
  startToCloseTimeout: '1 minute',
  retry: { initialInterval: '500 milliseconds', maximumInterval: '30 seconds' },
});

/** A step that confirms what the version that serves now does: tried until its watch has seen enough of it. */
export const validation = proxyActivities<Pick<Activities, 'followUp'>>({
  startToCloseTimeout: '5 minutes',
  retry: { initialInterval: '2 seconds', backoffCoefficient: 1.5, maximumInterval: '30 seconds' },
});

/**
 * The watch of a version in production: every attempt is one look, as in staging; a worker that died in mid-look is missed after
 * the heartbeat, and a month is as long as one history should last.
 */
export const live = proxyActivities<Pick<Activities, 'pollWatch'>>({
  startToCloseTimeout: '1 minute',
  heartbeatTimeout: '5 seconds',
  scheduleToCloseTimeout: '30 days',
  retry: { initialInterval: '1 second', backoffCoefficient: 1 },
  summary: 'watch',
});

/**
 * Staging health: one activity whose every attempt is one look and whose failures are benign, so that any number of
 * looks costs three events and no slot is held between them.
 */
export const health = proxyActivities<Pick<Activities, 'pollHealth'>>({
  // Longer than a model process may take, so that a model that hangs is an unknown look and not a lost one.
  startToCloseTimeout: '5 minutes',
  heartbeatTimeout: '20 seconds',
  retry: { initialInterval: '5 seconds', backoffCoefficient: 1 },
  summary: 'staging health',
});
