import { GATES } from '../../domain/policy.js';
import type { Check } from '../../platform/read/check.js';
import type { History } from '../../platform/read/history.js';
import type { AttemptStatus, GateStatus, Status, VersionStatus } from '../../platform/read/status.js';
import type { IncidentStatus, WatchStatus } from '../../platform/read/watch-status.js';
import type { Condition } from '../../domain/eligibility.js';

const DAY = 86_400_000;
export const SAMPLE_MODEL = 'alzheimer_classifier';
const AT = '2026-09-07T08:00:01.234Z';

/** What somebody who wants to deceive a reader would write. */
export const EVIL = '\u001b[2J\u001b[31mall good\u0007\u009b1A\u202egnp.exe\u2028\u200b';

const gate = (name: (typeof GATES)[number], change: Partial<GateStatus> = {}): GateStatus => ({
  gate: name,
  asks: 'It is sound',
  group: name,
  state: 'open',
  by: null,
  at: null,
  why: null,
  who: [`olga.${name}@duetmind.example`, `omar.${name}@duetmind.example`],
  ...change,
});

/** An attempt in staging: one gate approved, one void, two open. */
export const attempt = (change: Partial<AttemptStatus> = {}): AttemptStatus => ({
  id: `${SAMPLE_MODEL}/1.4.0/1`,
  workflowId: `promotion/${SAMPLE_MODEL}/1.4.0/1`,
  state: 'staging',
  requestedBy: 'marco.mlops@duetmind.example',
  requestedAt: AT,
  endedAt: null,
  relaxed: [],
  checks: { all: 10, open: [], against: [] },
  soak: {
    startedAt: AT,
    earned: 3 * DAY + 4 * 3_600_000,
    min: 7 * DAY,
    minEndsAt: '2026-09-14T08:00:01.234Z',
    maxEndsAt: '2026-09-21T08:00:01.234Z',
    paused: false,
  },
  gates: [
    gate('data-science', { state: 'approved', by: 'dana.datascience@duetmind.example', at: AT, who: [] }),
    gate('devops'),
    gate('business', { state: 'void', by: 'bea.business@duetmind.example', at: AT, why: 'policy re-pinned' }),
    gate('security', { who: [] }),
  ],
  monitoring: '',
  waitingFor: ['soak minimum', 'gate devops', 'gate business', 'gate security'],
  breakGlass: [],
  endReason: null,
  ...change,
});

export const version = (number: string, change: Partial<VersionStatus> = {}): VersionStatus => ({
  version: number,
  stage: 'staging',
  registeredBy: 'dana.datascience@duetmind.example',
  registeredAt: AT,
  stagedAt: AT,
  promotedAt: null,
  deprecatedAt: null,
  retentionUntil: null,
  quarantine: null,
  followUps: [],
  followUpsOpen: [],
  promotion: attempt(),
  ...change,
});

/** The watch of a version that does well. */
export const watch = (change: Partial<WatchStatus> = {}): WatchStatus => ({
  version: '1.2.0',
  every: 60_000,
  seenAt: '2026-09-10T11:59:40.000Z',
  unseen: 20_000,
  silent: false,
  health: 'healthy',
  severity: 'none',
  reason: '',
  source: 'prediction-log',
  figures: { requests: '1000', error_rate: '0.0004', p95_ms: '12.4', accuracy: '0.9446', labels: '1200' },
  conditions: [{ condition: 'drift', severity: 'none', known: true, measured: '0', limit: '', baseline: '', why: '' }],
  ...change,
});

export const incident = (change: Partial<IncidentStatus> = {}): IncidentStatus => ({
  id: `promotion/${SAMPLE_MODEL}/1.2.0/1/error-rate/1`,
  version: '1.2.0',
  condition: 'error-rate',
  severity: 'critical',
  since: AT,
  what: '0.03 of 1000 requests failed, beyond 0.02',
  ...change,
});

export const status = (...versions: VersionStatus[]): Status => ({
  asOf: '2026-09-10T12:00:01.234Z',
  models:
    versions.length === 0
      ? []
      : [{ model: SAMPLE_MODEL, production: '1.2.0', watch: null, incidents: [], frozen: [], reviews: [], versions }],
});

const condition = (id: string, kind: Condition['kind'], change: Partial<Condition> = {}): Condition => {
  return { id, kind, verdict: 'pass', measured: null, limit: null, source: 'the record', who: 'the model', ...change };
};

/** A version in staging of which two gates and the soak are missing. */
export const check = (change: Partial<Check> = {}): Check => ({
  model: SAMPLE_MODEL,
  version: '1.4.0',
  stage: 'staging',
  promotionId: `${SAMPLE_MODEL}/1.4.0/1`,
  eligible: false,
  earliest: '2026-09-14T08:00:01.234Z',
  minimumEndsAt: change.earliest === undefined ? '2026-09-14T08:00:01.234Z' : change.earliest,
  attemptEndsAt: '2026-09-21T08:00:01.234Z',
  endReason: null,
  relaxed: [],
  asOf: '2026-09-10T12:00:01.234Z',
  conditions: [
    condition('artifacts', 'check', { measured: `files 2, digest ${'a'.repeat(64)}` }),
    condition('performance', 'check', {
      measured: 'accuracy 0.9446, accuracy_ci95 0.93–0.95, roc_auc 0.9812, rows 1000',
      limit: 'accuracy >= 0.85, roc_auc >= 0.80',
    }),
    condition('not-worse-than-production', 'check', { verdict: 'skipped', measured: 'no production version yet' }),
    condition('soak', 'soak', {
      verdict: 'pending',
      measured: '3d4h0m1s earned',
      limit: '>= 7d healthy',
      who: 'time in staging',
    }),
    condition('critical-issue', 'incident', { limit: 'none open' }),
    condition('data-science', 'gate', {
      measured: `approved by dana.datascience@duetmind.example at ${AT}`,
      limit: '1 approval',
    }),
    condition('devops', 'gate', { measured: `approved by olga.devops@duetmind.example at ${AT}`, limit: '1 approval' }),
    condition('business', 'gate', {
      verdict: 'pending',
      measured: 'open',
      limit: '1 approval',
      who: 'group business: bea.business@duetmind.example',
    }),
    condition('security', 'gate', {
      verdict: 'pending',
      measured: 'open',
      limit: '1 approval',
      who: 'group security: nobody left who may',
    }),
  ],
  ...change,
});

/** A model with a replaced version, one that was rolled back, and one that serves. */
export const history = (change: Partial<History> = {}): History => {
  const approvals = GATES.map((name) => ({ gate: name, by: `somebody.${name}@duetmind.example`, at: AT }));
  const asked = {
    kind: 'promotion' as const,
    requestedBy: 'marco.mlops@duetmind.example',
    promotionId: 'x',
    approvals,
    breakGlass: [],
    review: null,
  };
  return {
    model: SAMPLE_MODEL,
    asOf: '2026-09-10T12:00:01.234Z',
    intervals: [
      {
        ...asked,
        version: '1.2.0',
        from: '2026-07-01T00:00:00.000Z',
        to: '2026-08-01T00:00:00.000Z',
        ended: { how: 'replaced', by: '1.4.0', person: null, reason: null },
      },
      {
        ...asked,
        version: '1.4.0',
        from: '2026-08-01T00:00:00.000Z',
        to: '2026-08-03T04:00:00.000Z',
        ended: { how: 'rolled back', by: '1.2.0', person: 'olga.devops@duetmind.example', reason: 'the error rate is 7 %' },
      },
      {
        version: '1.2.0',
        from: '2026-08-03T04:00:00.000Z',
        to: null,
        kind: 'rollback',
        breakGlass: [],
        review: null,
        promotionId: null,
        requestedBy: 'olga.devops@duetmind.example',
        approvals: [],
        ended: null,
      },
    ],
    attempts: [
      {
        promotionId: 'y',
        version: '1.1.0',
        state: 'rejected',
        requestedBy: 'marco.mlops@duetmind.example',
        requestedAt: AT,
        endedAt: AT,
        reason: 'performance failed: accuracy 0.7711 is below 0.8500',
      },
    ],
    ...change,
  };
};
