import { isAskedFor, type Attempt } from './attempt.js';
import { brokenText, foldBreakGlass, proposedText, skipping, type Wait } from './break-glass.js';
import { CHECKS, passes, RECHECKS, type Finding } from './checks.js';
import { holdsOf, type Freeze } from './freeze.js';
import { nextWindow, openWindow, windowText } from './freeze-window.js';
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
  /** When the soak minimum is over if staging stays healthy, ISO; null where no moment can be named. */
  readonly minimumEndsAt: string | null;
  readonly conditions: readonly Condition[];
}

/** Every condition for production with what is known of it. A version that is in production has met them. */
export function eligibilityOf(attempt: Attempt): Eligibility {
  const conditions = [
    ...checkConditions(attempt),
    soakCondition(attempt),
    incidentCondition(attempt),
    monitoringCondition(attempt),
    freezeCondition(attempt),
    ...requestConditions(attempt),
    ...gateConditions(attempt),
  ];
  const met = conditions.every(({ verdict, id }) => verdict === 'pass' || (verdict === 'skipped' && isRuled(attempt, id)));
  const eligible = attempt.state === 'production' || (attempt.state === 'staging' && met);
  const soaked = soakedAt(attempt);
  return { eligible, earliest: earliestOf(attempt), minimumEndsAt: soaked === null ? null : iso(soaked), conditions };
}

/** The conditions of a version nobody has asked to promote yet: everything is pending. */
export function conditionsBefore(asks: Pick<Attempt, 'policy'>): Condition[] {
  const pending = (id: string, kind: Condition['kind'], who: string): Condition => {
    return { id, kind, verdict: 'pending', measured: null, limit: null, source: 'no promotion yet', who };
  };
  return [
    ...CHECKS.map((check) => pending(check, 'check', 'gatehouse promote')),
    pending('soak', 'soak', 'time in staging'),
    pending(MONITORING, 'checklist', 'whoever runs the metrics source'),
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
  const skipped = skipping(attempt, 'soak');
  const over = soak !== null && (soakIsOver(soak, policy) || skipped !== undefined) && !pause;
  const seen = soak?.last && soak.last.verdict !== 'healthy' ? `${soak.last.verdict}: ${soak.last.reason}` : '';
  const stopped = pause ? `paused by ${pause.by}: ${pause.reason}` : '';
  return {
    id: 'soak',
    kind: 'soak',
    verdict: over ? 'pass' : attempt.state === 'staging' || attempt.state === 'validating' ? 'pending' : 'fail',
    measured: soak
      ? [`${inSeconds(soak.earnedMs)} earned`, seen, stopped, glassOn(attempt, 'soak')].filter(Boolean).join('; ')
      : null,
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

const MONITORING = 'drift-monitoring';

function monitoringCondition({ monitoring, policy }: Attempt): Condition {
  return {
    id: MONITORING,
    kind: 'checklist',
    // An attempt that ended before staging was not looked at, which is no failure of the version.
    verdict: monitoring === '' ? 'pass' : 'pending',
    measured: monitoring || 'the source answers for this version, the training distribution is stored',
    limit: 'configured',
    source: policy.watch.source,
    who: 'whoever runs the metrics source',
  };
}

function freezeCondition(attempt: Attempt): Condition {
  const { freezes, policy, now } = attempt;
  const { zone } = policy.freeze;
  const open = openWindow(policy.freeze, now);
  const held = freezes.map(heldText);
  const lifts = [...new Set(freezes.map(({ kind }) => `gatehouse ${kind ?? 'freeze'} --lift`))];
  const next = open ? undefined : nextWindow(policy.freeze, now);
  const window = [
    ...(open ? [`window ${windowText(open.window, zone)} until ${iso(open.until)}`] : []),
    ...(next ? [`next window ${windowText(next.window, zone)} from ${iso(next.from)}`] : []),
  ];
  const isMet = holdsOf(attempt, skipping(attempt, 'freeze') !== undefined).texts.length === 0;
  return {
    id: 'freeze',
    kind: 'freeze',
    verdict: isMet ? 'pass' : 'pending',
    measured: [...held, ...window, glassOn(attempt, 'freeze')].filter(Boolean).join('; ') || null,
    limit: 'none',
    source: policy.freeze.windows.length > 0 ? "the record and the policy's windows" : 'the record',
    who: freezes.length === 0 && open ? 'time' : lifts.join(', ') || 'gatehouse freeze --lift',
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

/** What people have signed to skip a wait, in words; empty where nobody has. */
function glassOn(attempt: Attempt, wait: Wait): string {
  const skipped = skipping(attempt, wait);
  if (skipped) return `skipped by ${brokenText(skipped)}`;
  const { broken, proposed } = foldBreakGlass(attempt);
  const isFor = ({ skip }: { readonly skip: string }) => skip === wait || skip === 'both';
  const waiting = broken.some(isFor) ? ['a break-glass waits for a healthy look'] : proposed.filter(isFor).map(proposedText);
  return waiting.join('; ');
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

/** When the soak minimum is over or skipped if staging stays healthy; null while nobody knows. */
function soakedAt(attempt: Attempt): number | null {
  const { state, soak, now, policy } = attempt;
  if (state !== 'staging' || !soak || openPause(soak.pauses)) return null;
  return skipping(attempt, 'soak') ? now : Math.max(now, minimumEndsAt(soak, now, policy));
}

/** The earliest moment production could follow if everybody decided now and staging stayed healthy. */
function earliestOf(attempt: Attempt): string | null {
  const { policy, freezes } = attempt;
  const [soaked, isSkipped] = [soakedAt(attempt), skipping(attempt, 'freeze') !== undefined];
  // Nobody knows how long a freeze lasts that somebody has to lift.
  if (soaked === null || (freezes.length > 0 && !isSkipped)) return null;
  return iso((isSkipped ? undefined : openWindow(policy.freeze, soaked)?.until) ?? soaked);
}

function iso(at: number): string {
  return new Date(at).toISOString();
}
