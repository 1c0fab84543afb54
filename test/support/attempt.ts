import { FIRST_WATCH } from '../../domain/watch-policy.js';
import type { Attempt, DecisionRecord, Recheck, GlassSignature, Skip } from '../../domain/attempt.js';
import { CHECKS, RECHECKS, type CheckName, type Finding, type Verdict } from '../../domain/checks.js';
import type { Gate, Policy } from '../../domain/policy.js';
import { LATER_SECTIONS } from '../../domain/policy-sections.js';

export const DAY = 24 * 60 * 60_000;
export const MINUTE = 60_000;
/** An arbitrary Monday at which the attempts of these tests enter staging. */
export const STAGED_AT = Date.parse('2026-09-07T08:00:00.000Z');

/** A policy with the guidelines' own soak and gates; the rest is not looked at by the rules under test. */
export function policyWith(change: { soak?: Partial<Policy['soak']>; every?: number; quorum?: number } = {}): Policy {
  const gate = (group: string) => ({ asks: `${group} agrees`, group, quorum: change.quorum ?? 1 });
  return {
    ...LATER_SECTIONS,
    model: 'm',
    thresholds: {
      accuracy: { min: 0.85 },
      roc_auc: { min: 0.8 },
      latency_p95: { max: 100 },
      size: { below: 1e8 },
      memory: { below: 1e9 },
      cpu: { below: 0.8 },
    },
    checks: { retries: 3 },
    load: { rate: 50, for: 3_000, cores: 1 },
    holdout: { min_rows: 50 },
    performance: { gate: 'point', slices: [], slice_accuracy: { min: 0 }, margin: 0 },
    checklist: { documentation: { min_characters: 200 } },
    scan: {
      allow: ['onnx'],
      fail_at: 'high',
      domains: [],
      globals: [],
      scanner: 'none',
      signatures: 'optional',
      signing_keys: {},
    },
    data_quality: { min_rows: 100, nulls: 0, duplicates: 0, minority: 0.05, overlap: 0, freshness: 730 * DAY, columns: {} },
    soak: { min: 7 * DAY, max: 14 * DAY, remind_before: [], warning: 'pauses', ...change.soak },
    gates: { 'data-science': gate('ds-team'), devops: gate('devops'), business: gate('business'), security: gate('security') },
    reminders: { gate: 3 * DAY, escalate: 5 * DAY, escalation: 'mlops' },
    contacts: {},
    watch: { every: change.every ?? MINUTE, window: 15 * MINUTE, min_samples: 200, min_labels: 1000, source: 'prediction-log' },
    alerts: {
      critical: { accuracy_drop: 0.05, error_rate: 0.02 },
      warning: { accuracy_drop: 0.02, latency_p95: 200 },
      info: { accuracy_drop: 0.01 },
    },
    rollback: { accuracy_drop: 0.1, error_rate: 0.05, latency_p95: 500, windows: 1, cooldown: 60 * MINUTE },
    access: { staging: [], production: [] },
    retention: { years: 1 },
    ...FIRST_WATCH,
  };
}

export function finding(check: CheckName, verdict: Verdict = 'pass', reason = ''): Finding {
  return { check, verdict, measured: {}, limit: {}, source: 'test', reason };
}

export const allPassed: Finding[] = CHECKS.map((check) => finding(check));

let decisions = 0;
export function decided(
  gate: Gate,
  person: string,
  decision: DecisionRecord['decision'] = 'approve',
  more: Partial<DecisionRecord> = {},
): DecisionRecord {
  decisions += 1;
  return {
    id: `decision-${decisions}`,
    round: 1,
    gate,
    decision,
    person,
    at: STAGED_AT + decisions,
    stands: true,
    fault: null,
    evidenceDigest: '',
    toldVoidAt: null,
    ...more,
  };
}

export function glass(person: string, at: number, skip: Skip = 'soak', more: Partial<GlassSignature> = {}): GlassSignature {
  return { id: `${person}-${skip}-${at}`, round: 1, skip, person, reason: 'production is down', at, stands: true, ...more };
}

export function recheck(
  check: CheckName,
  at: number,
  more: { verdict?: Verdict; against?: string | null; reason?: string } = {},
): Recheck {
  return { id: at, finding: finding(check, more.verdict ?? 'pass', more.reason), at, against: more.against ?? null };
}

export function rechecksPassed(at: number, against: string | null = null): Recheck[] {
  return RECHECKS.map((check) => recheck(check, at, { against }));
}

export const fourApprovals = (): DecisionRecord[] => [
  decided('data-science', 'dana'),
  decided('devops', 'dora'),
  decided('business', 'bea'),
  decided('security', 'sam'),
];

/** An attempt in staging whose soak has been healthy from its start until `now`; change what the test is about. */
export function attempt(change: Partial<Attempt> = {}): Attempt {
  const now = change.now ?? STAGED_AT;
  const policy = change.policy ?? policyWith();
  return {
    now,
    installation: { id: 'here', environment: 'development' },
    promotionId: 'm/1.0.0/1',
    model: 'm',
    version: '1.0.0',
    state: 'staging',
    round: 1,
    rounds: [],
    roundAt: null,
    requestedBy: 'mia',
    askedBy: [{ act: 'request', person: 'mia', stands: true }],
    registeredBy: 'max',
    barred: ['max', 'mia'],
    artifactDigest: 'a'.repeat(64),
    featureHash: 'f'.repeat(64),
    policyDigest: 'p'.repeat(64),
    policy,
    relaxed: [],
    stagedAt: STAGED_AT,
    endReason: null,
    askedAt: null,
    findings: allPassed,
    evidenceDigest: 'e'.repeat(64),
    soak: {
      startedAt: STAGED_AT,
      earnedMs: now - STAGED_AT,
      last: { from: STAGED_AT, to: now, verdict: 'healthy', reason: '' },
      pauses: [],
      extendedMs: 0,
    },
    critical: null,
    monitoring: '',
    decisions: [],
    rechecks: [],
    freezes: [],
    breakGlass: [],
    told: [],
    production: null,
    change: null,
    ...change,
  };
}
