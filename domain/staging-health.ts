import { isUnreadable } from './incidents.js';
import type { ConditionSeverity } from './live-condition.js';
import type { LiveReading } from './live.js';
import type { Policy } from './policy.js';
import type { Health } from './soak.js';

/** A verdict on staging and its reason, which is empty where all is well. */
export interface StagingVerdict {
  readonly verdict: Health;
  readonly reason: string;
}

/** What a source said of a version in staging, and how grave that is by the policy's limits. */
export interface StagingTraffic {
  readonly service: LiveReading['service'];
  readonly severity: ConditionSeverity;
  readonly reason: string;
}

/**
 * Rules §1: "The soak is earned: only healthy time counts". What is wrong with the artifact itself says so first. Where the version
 * has traffic its figures are judged as they are in production; what a source says in a way that cannot be read counts for nothing;
 * and where there is too little traffic the policy says whether the artifact's own health is enough.
 */
export function stagingVerdict(
  probe: StagingVerdict,
  traffic: StagingTraffic,
  policy: Pick<Policy, 'staging' | 'watch'>,
): StagingVerdict {
  if (probe.verdict !== 'healthy') return probe;
  const { service, severity, reason } = traffic;
  if (!service.known && isUnreadable(service.cause)) return { verdict: 'unknown', reason: `${service.cause}: ${service.why}` };
  if (!service.known || service.value.requests < policy.watch.min_samples) {
    if (policy.staging.traffic === 'optional') return probe;
    return { verdict: 'unknown', reason: `too little traffic, and the policy asks for ${policy.watch.min_samples} predictions` };
  }
  if (severity === 'critical' || severity === 'rollback') return { verdict: 'critical', reason };
  return severity === 'warning' ? { verdict: 'warning', reason } : probe;
}

/**
 * Rules §1: "drift monitoring is configured (the source answers for this version, the training distribution is stored)"; empty
 * when it is, else why it is not.
 */
export function monitoringMissing({ service }: Pick<LiveReading, 'service'>, hasDistribution: boolean): string {
  const source =
    service.known || !isUnreadable(service.cause) ? '' : `the source does not answer for it: ${service.cause}: ${service.why}`;
  const stored = hasDistribution ? '' : 'the distribution of its training set is not stored';
  return [source, stored].filter(Boolean).join('; ');
}
