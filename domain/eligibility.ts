import { isAskedFor, type Attempt } from './attempt.js';
import { CHECKS, passes, RECHECKS, type Finding } from './checks.js';
import type { Freeze } from './freeze.js';
import { foldGates } from './gates.js';
import { formatDuration } from './quantity.js';
import { openPause } from './pause.js';
import { minimumEndsAt, soakIsOver } from './soak.js';
import { faultOf, faultText } from './void.js';

/** One condition for production, as `check` shows it. */
export interface Condition {
  readonly id: string;
  readonly kind: 'check' | 'gate' | 'soak' | 'incident' | 'checklist' | 'freeze' | 'request';
  readonly verdict: 'pass' | 'fail' | 'error' | 'skipped' | 'pending';
  readonly measured: string | null;
  readonly limit: string | null;
  readonly source: string;
  /** Who can meet it. */
  readonly who: string;
}

/** Whether a version may go into production, and when at the earliest. */
export interface Eligibility {
  readonly eligible: boolean;
  /** ISO time, or null when no moment can be named. */
  readonly earliest: string | null;
  readonly conditions: readonly Condition[];
}

/** Every condition for production with what is known of it. A version that is in production has met them. */
export function eligibilityOf(attempt: Attempt): Eligibility {
  const conditions = [
    ...checkConditions(attempt),
    soakCondition(attempt),
    incidentCondition(attempt),
    freezeCondition(attempt),
    ...requestConditions(attempt),
    ...gateConditions(attempt),
  ];
  const met = conditions.every(({ verdict, id }) => verdict === 'pass' || (verdict === 'skipped' && isRuled(attempt, id)));
  const eligible = attempt.state === 'production' || (attempt.state === 'staging' && met);
  return { eligible, earliest: earliestOf(attempt), conditions };
}

/** The conditions of a version nobody has asked to promote yet: everything is pending. */
export function conditionsBefore(asks: Pick<Attempt, 'policy'>): Condition[] {
  const pending = (id: string, kind: Condition['kind'], who: string): Condition => {
    return { id, kind, verdict: 'pending', measured: null, limit: null, source: 'no promotion yet', who };
  };
  return [
    ...CHECKS.map((check) => pending(check, 'check', 'gatehouse promote')),
    pending('soak', 'soak', 'time in staging'),
    ...foldGates({ decisions: [], round: 0, policy: asks.policy }).map(({ gate }) =>
      pending(gate, 'gate', `group ${asks.policy.gates[gate].group}`),
    ),
  ];
}

function isRuled(attempt: Attempt, check: string): boolean {
  const finding = latestFinding(attempt, check);
  return finding !== undefined && passes(finding);
}

/** A check's verdict as it counts now: the latest re-check where there is one, or else the validation. */
function latestFinding(attempt: Attempt, check: string): Finding | undefined {
  const recheck = attempt.rechecks.filter(({ finding }) => finding.check === check).at(-1);
  return recheck?.finding ?? attempt.findings.find((finding) => finding.check === check);
}

function checkConditions(attempt: Attempt): Condition[] {
  return CHECKS.map((check) => {
    const finding = latestFinding(attempt, check);
    const recheckable = (RECHECKS as readonly string[]).includes(check);
    const who = recheckable ? 'the model; checked again at the change' : 'the model';
    if (!finding)
      return {
        id: check,
        kind: 'check',
        verdict: 'pending',
        measured: null,
        limit: null,
        source: 'not run yet',
        who: 'gatehouse',
      };
    const measured = [figures(finding.measured), finding.reason].filter(Boolean).join('; ');
    return {
      id: check,
      kind: 'check',
      verdict: finding.verdict,
      measured: measured || null,
      limit: figures(finding.limit) || null,
      source: finding.source,
      who,
    };
  });
}

function figures(values: Readonly<Record<string, string>>): string {
  return Object.entries(values)
    .map(([name, value]) => `${name} ${value}`)
    .join(', ');
}

function soakCondition(attempt: Attempt): Condition {
  const { soak, policy, relaxed } = attempt;
  const pause = openPause(soak?.pauses ?? []);
  const over = soak !== null && soakIsOver(soak, policy) && !pause;
  const seen = soak?.last && soak.last.verdict !== 'healthy' ? `${soak.last.verdict}: ${soak.last.reason}` : '';
  const stopped = pause ? `paused by ${pause.by}: ${pause.reason}` : '';
  return {
    id: 'soak',
    kind: 'soak',
    verdict: over ? 'pass' : attempt.state === 'staging' || attempt.state === 'validating' ? 'pending' : 'fail',
    measured: soak ? [`${inSeconds(soak.earnedMs)} earned`, seen, stopped].filter(Boolean).join('; ') : null,
    limit: `>= ${formatDuration(policy.soak.min)} healthy`,
    source: relaxed.length > 0 ? `staging health; policy is relaxed in ${relaxed.join(', ')}` : 'staging health',
    who: pause ? `group ${policy.rights.resume.join(', ')}: gatehouse resume` : 'time in staging',
  };
}

/** To the second, never more than has passed. */
function inSeconds(ms: number): string {
  return formatDuration(Math.floor(ms / 1000) * 1000);
}

function incidentCondition({ critical }: Attempt): Condition {
  const verdict = critical === null ? 'pass' : 'fail';
  return {
    id: 'critical-issue',
    kind: 'incident',
    verdict,
    measured: critical,
    limit: 'none open',
    source: 'staging health',
    who: 'gatehouse',
  };
}

function freezeCondition({ freezes }: Attempt): Condition {
  return {
    id: 'freeze',
    kind: 'freeze',
    verdict: freezes.length === 0 ? 'pass' : 'pending',
    measured: freezes.map(heldText).join('; ') || null,
    limit: 'none',
    source: 'the record',
    who: [...new Set(freezes.map(({ kind }) => `gatehouse ${kind ?? 'freeze'} --lift`))].join(', ') || 'gatehouse freeze --lift',
  };
}

/** Only while an attempt is open: what was asked for then holds, whoever loses the right later. */
function requestConditions(attempt: Attempt): Condition[] {
  const { state, askedBy, requestedBy, policy } = attempt;
  if (state !== 'validating' && state !== 'staging') return [];
  const asks = askedBy.find(({ stands }) => stands)?.person;
  return [
    {
      id: 'request',
      kind: 'request',
      verdict: isAskedFor(attempt) ? 'pass' : 'pending',
      measured: asks === undefined ? `${requestedBy} has no key or right any more` : `asked for by ${asks}`,
      limit: 'by somebody who has the right',
      source: 'signatures, people and the policy',
      who: `group ${policy.rights.promote.join(', ')}: gatehouse promote`,
    },
  ];
}

function heldText({ kind, model, by, reason }: Freeze): string {
  return `${kind ? `${kind} of ` : ''}${model ?? 'all models'} by ${by}: ${reason}`;
}

function gateConditions(attempt: Attempt): Condition[] {
  return foldGates(attempt).map(({ gate, state, last }) => {
    const verdict = state === 'approved' ? 'pass' : state === 'rejected' ? 'fail' : 'pending';
    const fault = state === 'void' && last ? faultOf(last, attempt) : null;
    const made = state === 'void' ? 'void: approved' : state;
    const measured = last ? `${made} by ${last.person} at ${iso(last.at)}${fault ? `; ${faultText(fault)}` : ''}` : state;
    const { group, asks, quorum } = attempt.policy.gates[gate];
    return {
      id: gate,
      kind: 'gate',
      verdict,
      measured,
      limit: `${quorum} approval${quorum === 1 ? '' : 's'}`,
      source: asks,
      who: `group ${group}`,
    };
  });
}

/** The earliest moment production could follow if everybody decided now and staging stayed healthy. */
function earliestOf(attempt: Attempt): string | null {
  const { state, soak, now, policy, freezes } = attempt;
  // Nobody knows how long a pause or a freeze lasts.
  if (state !== 'staging' || !soak || openPause(soak.pauses) || freezes.length > 0) return null;
  return iso(Math.max(now, minimumEndsAt(soak, now, policy)));
}

function iso(at: number): string {
  return new Date(at).toISOString();
}
