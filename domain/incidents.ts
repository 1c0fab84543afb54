import {
  CONDITION_SEVERITIES,
  worstSeverity,
  type Condition,
  type ConditionName,
  type ConditionSeverity,
} from './live-condition.js';
import type { LiveReading, UnknownCause } from './live.js';
import type { Severity } from './notice.js';
import type { Policy } from './policy.js';

/** What an incident can be about: a condition of the version, or that it cannot be watched or taken back as it should. */
export type IncidentCondition = ConditionName | 'source' | 'watch' | 'no-rollback';

/** How grave an incident is; without a reason to open one there is none. */
export type IncidentSeverity = Exclude<ConditionSeverity, 'none'>;

/** An incident that has not closed, with the gravest severity it has had. */
export interface OpenIncident {
  readonly id: string;
  readonly condition: IncidentCondition;
  readonly severity: IncidentSeverity;
  /** Epoch milliseconds. */
  readonly openedAt: number;
}

/** What becomes of an incident: it opens, may rise, and closes (rules §4). */
export interface IncidentChange {
  readonly id: string;
  readonly condition: IncidentCondition;
  readonly change: 'opened' | 'rose' | 'closed';
  /** What it has risen to; of one that closes, the gravest it had. */
  readonly severity: IncidentSeverity;
  readonly what: string;
}

/** One condition as it stands now: known to be good, known to be bad, or not known. */
export interface Standing {
  readonly condition: IncidentCondition;
  readonly severity: ConditionSeverity;
  readonly known: boolean;
  readonly what: string;
}

/** What an open incident and the number of those before decide on. */
export interface Incidents {
  /** The production change that put the version where it is; an incident's id begins with it. */
  readonly changeKey: string;
  readonly open: readonly OpenIncident[];
  /** How many incidents of each condition there were, open ones included. */
  readonly opened: Readonly<Partial<Record<IncidentCondition, number>>>;
}

/** The id of the n-th incident of a condition under one production change. */
export function incidentId(changeKey: string, condition: IncidentCondition, n: number): string {
  return `${changeKey}/${condition}/${n}`;
}

/**
 * Rules §4: "An alert is one incident: it opens, may rise, and closes with a recovery message. It does not repeat itself at
 * every window." `recovered` says of which conditions the last windows were known to be good, as many as the policy asks for.
 */
export function incidentChanges(
  { changeKey, open, opened }: Incidents,
  standings: readonly Standing[],
  recovered: ReadonlySet<IncidentCondition>,
): IncidentChange[] {
  return standings.flatMap(({ condition, severity, known, what }): IncidentChange[] => {
    const before = open.find((incident) => incident.condition === condition);
    const bad = known && severity !== 'none' ? severity : undefined;
    if (!before) {
      if (!bad) return [];
      const id = incidentId(changeKey, condition, (opened[condition] ?? 0) + 1);
      return [{ id, condition, change: 'opened', severity: bad, what }];
    }
    const { id } = before;
    if (bad && isGraver(bad, before.severity)) return [{ id, condition, change: 'rose', severity: bad, what }];
    if (!bad && known && recovered.has(condition)) return [{ id, condition, change: 'closed', severity: before.severity, what }];
    return [];
  });
}

/** The conditions that were known to be good in each of the newest windows, as many as the policy asks for before an incident closes. */
export function recoveredConditions(
  windows: readonly (readonly Condition[])[],
  policy: Pick<Policy, 'incidents'>,
): Set<IncidentCondition> {
  const needed = policy.incidents.recovery_windows;
  if (windows.length < needed) return new Set();
  const newest = windows.slice(0, needed);
  const conditions = newest[0]?.map(({ condition }) => condition) ?? [];
  return new Set(
    conditions.filter((condition) =>
      newest.every((seen) => seen.some((each) => each.condition === condition && each.known && each.severity === 'none')),
    ),
  );
}

/** Why a source says nothing although it should; too few samples or labels are an answer, and so is what nobody measures. */
export function isUnreadable(cause: UnknownCause): boolean {
  return cause !== 'too few samples' && cause !== 'too few labels' && cause !== 'not measured';
}

/**
 * Why a source cannot be read, or undefined when it can. That no label has arrived is an answer; labels that make no sense are none,
 * however well the service does.
 */
export function unreadable({ service, labels }: LiveReading): string | undefined {
  if (!service.known && isUnreadable(service.cause)) return `${service.cause}: ${service.why}`;
  if (!labels.known && labels.cause !== 'no data' && isUnreadable(labels.cause)) return `labels: ${labels.cause}: ${labels.why}`;
  return undefined;
}

/**
 * Rules §4: "A source that cannot be read for longer than the policy's patience is itself an alert (warning, then critical)";
 * `forMs` is for how long it could not be read by now, 0 when it can, and exactly the patience is not yet longer.
 */
export function sourceStanding(
  { forMs, why }: { readonly forMs: number; readonly why: string },
  policy: Pick<Policy, 'patience'>,
): Standing {
  const { warning, critical } = policy.patience;
  const severity = forMs > critical ? 'critical' : forMs > warning ? 'warning' : 'none';
  return { condition: 'source', severity, known: true, what: severity === 'none' ? 'the figures can be read' : why };
}

/** Rules §4, the channels' severity of an incident's: what is taken back is told of as critical, a recovery as info. */
export function toldAs({ change, severity }: Pick<IncidentChange, 'change' | 'severity'>): Severity {
  if (change === 'closed') return 'info';
  return severity === 'rollback' ? 'critical' : severity;
}

/** How grave what is open is together. */
export function openSeverity(open: readonly Pick<OpenIncident, 'severity'>[]): ConditionSeverity {
  return worstSeverity(open.map(({ severity }) => severity));
}

function isGraver(one: ConditionSeverity, other: ConditionSeverity): boolean {
  return CONDITION_SEVERITIES.indexOf(one) > CONDITION_SEVERITIES.indexOf(other);
}
