import type pg from 'pg';
import type { DecisionRecord, Fault, RoundReason } from '../../domain/attempt.js';
import { foldBreakGlass, glassText } from '../../domain/break-glass.js';
import { promotionWorkflowId } from '../../domain/ids.js';
import { openPause } from '../../domain/pause.js';
import type { Gate, Policy } from '../../domain/policy.js';
import { recordedPolicy } from '../../domain/policy-sections.js';
import type { GateView, Stage } from '../../domain/progress.js';
import type { Refusal } from '../../domain/refusal.js';
import { hasRight } from '../../domain/rights.js';
import { maximumEndsAt } from '../../domain/soak.js';
import { gateViews } from '../../domain/view.js';
import { sha256 } from '../digest.js';
import type { Db } from '../pool.js';
import { pausesOf } from '../soak.js';
import type { TrailEvent } from './audit-trail.js';
import { grouped } from './backing/backing.js';
import {
  attemptsOf,
  type Told,
  type ToldActs,
  type ToldAttempt,
  type ToldDecision,
  type ToldPerson,
  type ToldSoakAct,
  type ToldVersion,
} from './backing/told.js';
import { yearsAfter } from './backing/versions.js';
import type { Review } from './reviews.js';
import { inSnapshot } from './snapshot.js';
import type { AttemptStatus, FreezeStatus, SoakStatus, VersionStatus } from './status.js';
import { toldAt, type Past } from './told-at.js';
import { inOrder, type VersionFilter } from './versions.js';
import type { IncidentStatus } from './watch-status.js';

/** A soak as the trail has it: what health earned is on no event, so a pause is known only where a person made it. */
export interface SoakAt extends Omit<SoakStatus, 'earned' | 'minEndsAt' | 'paused'> {
  readonly earned: null;
  readonly minEndsAt: null;
  readonly paused: boolean | null;
}

/** A gate as the trail has it; whose approval would have counted it does not say. */
export interface GateAt extends GateView {
  readonly who: null;
}

/** An attempt as the trail has it, with null for what is on no event. */
export interface AttemptAt extends Omit<AttemptStatus, 'checks' | 'soak' | 'gates' | 'monitoring' | 'waitingFor'> {
  readonly checks: null;
  readonly soak: SoakAt | null;
  readonly gates: readonly GateAt[];
  readonly monitoring: null;
  readonly waitingFor: null;
}

/** A version as the trail has it, with null for what is on no event. */
export interface VersionAt extends Omit<VersionStatus, 'promotion' | 'followUps' | 'followUpsOpen'> {
  readonly promotion: AttemptAt | null;
  readonly followUps: null;
  readonly followUpsOpen: null;
}

/** What `status --at` answers: what the events up to one of them add up to. Times are those of the events. */
export interface StatusAt {
  readonly asOf: string;
  /** The last event that counts, and its hash. */
  readonly upTo: Pick<TrailEvent, 'seq' | 'at' | 'hash'>;
  readonly models: readonly {
    readonly model: string;
    readonly production: string | null;
    /** No event speaks of windows. */
    readonly watch: null;
    readonly incidents: readonly IncidentStatus[];
    readonly frozen: readonly FreezeStatus[];
    readonly reviews: readonly Review[];
    readonly versions: readonly VersionAt[];
  }[];
}

interface Known {
  readonly told: Told & { readonly acts: ToldActs };
  readonly policies: ReadonlyMap<string, Policy>;
  /** The moment asked about, in epoch milliseconds. */
  readonly now: number;
}

/** The stages, soaks and gates of the versions meant as they were at a moment, from the audit trail and what its events name. */
export async function readStatusAt(
  pool: pg.Pool,
  filter: VersionFilter,
  past: Past,
): Promise<StatusAt | { readonly refusal: Refusal }> {
  return await inSnapshot(pool, async (db) => {
    const found = await toldAt(db, past);
    if ('refusal' in found) return found;
    const { told, upTo } = found;
    const policies = await policiesOf(db, told);
    if ('refusal' in policies) return policies;
    const asOf = 'instant' in past ? new Date(past.instant).toISOString() : upTo.at;
    const known = { told, policies, now: Date.parse(asOf) };
    return { asOf, upTo, models: modelsOf(known, filter) };
  });
}

/** The policies that attempts were pinned to: the events have their digests, so a text that has the digest is the text. */
async function policiesOf(db: Db, { attempts }: Told): Promise<Map<string, Policy> | { readonly refusal: Refusal }> {
  const digests = [...new Set([...attempts.values()].map(({ policy }) => policy))];
  const { rows } = await db.query<{ digest: string; effective: string }>(
    'SELECT DISTINCT digest, effective FROM policy WHERE digest = ANY ($1)',
    [digests],
  );
  const texts = new Map(rows.flatMap(({ digest, effective }) => (sha256(effective) === digest ? [[digest, effective]] : [])));
  const missing = digests.find((digest) => !texts.has(digest));
  if (missing === undefined) return new Map([...texts].map(([digest, text]) => [digest, recordedPolicy(text)]));
  const what = `the policy ${missing} that the audit trail names is not on the record as it was`;
  return { refusal: { kind: 'rule', what, next: 'gatehouse audit verify' } };
}

function modelsOf(known: Known, filter: VersionFilter): StatusAt['models'] {
  const named = [...known.told.versions].map(([name, is]) => {
    const [model = '', version = ''] = name.split('/');
    return { model, version, is };
  });
  const meant = named.filter(
    ({ model, version }) => model === (filter.model ?? model) && version === (filter.version ?? version),
  );
  const byModel = grouped(meant.toSorted(inOrder), ({ model }) => model);
  return [...byModel].map(([model, versions]) => ({
    model,
    production: named.find((each) => each.model === model && each.is.stage === 'production')?.version ?? null,
    watch: null,
    incidents: incidentsAt(known.told.acts, model),
    frozen: frozenAt(known.told.acts, model),
    reviews: known.told.acts.reviews.filter(({ subject }) => subject.startsWith(`${model}/`)),
    versions: versions.map(({ version, is }) => versionAt(known, { model, version }, is)),
  }));
}

function incidentsAt({ incidents }: ToldActs, model: string): IncidentStatus[] {
  const open = [...incidents.values()].filter((incident) => incident.model === model);
  return open.map(({ id, version, condition, severity, what, opened }) => {
    return {
      id,
      version,
      condition: condition as IncidentStatus['condition'],
      severity: severity as IncidentStatus['severity'],
      since: opened.at,
      what,
    };
  });
}

function frozenAt({ freezes }: ToldActs, model: string): FreezeStatus[] {
  const names = ['freeze/', 'hold/', `freeze/${model}`, `hold/${model}`];
  return names.flatMap((name) => {
    const told = freezes.get(name);
    return told
      ? [{ model: told.model, by: told.by, reason: told.reason, since: told.begun.at, ...(told.kind && { kind: told.kind }) }]
      : [];
  });
}

/** What two people had signed for to skip, by those who are trusted still. */
function glassAt({ told, now }: Known, id: string, { model, version, round }: ToldAttempt, policy: Policy): string[] {
  const attempts = attemptsOf(told, model, version);
  const barred = [
    told.versions.get(`${model}/${version}`)?.registeredBy ?? '',
    ...attempts.map(({ requestedBy }) => requestedBy),
  ];
  const breakGlass = (told.acts.glass.get(id) ?? []).map(({ envelope, made, ...signed }) => {
    const by = told.acts.people.get(signed.person);
    const stands = by?.trusted === true && made.seq >= by.since && hasRight(by.groups, policy.rights['break-glass']);
    return { ...signed, id: envelope, at: Date.parse(made.at), stands };
  });
  return foldBreakGlass({ breakGlass, barred, round: Number(round), now }).broken.map(glassText);
}

function versionAt(known: Known, { model, version }: { model: string; version: string }, is: ToldVersion): VersionAt {
  const { told, policies } = known;
  const newest = attemptsOf(told, model, version).length;
  const id = `${model}/${version}/${newest}`;
  const attempt = told.attempts.get(id);
  const years = policies.get(is.archivedUnder)?.retention.years;
  return {
    version,
    stage: is.stage as Stage,
    registeredBy: is.registeredBy,
    registeredAt: is.registered?.at ?? '',
    stagedAt: is.staged?.at ?? null,
    promotedAt: is.promoted?.at ?? null,
    deprecatedAt: is.archived?.at ?? null,
    retentionUntil: is.archived && years !== undefined ? yearsAfter(is.archived.at, years) : null,
    quarantine: told.acts.quarantines.get(`${model}/${version}`) ?? null,
    promotion: attempt ? attemptAt(known, id, attempt) : null,
    followUps: null,
    followUpsOpen: null,
  };
}

function attemptAt({ told, policies, now }: Known, id: string, is: ToldAttempt): AttemptAt {
  const policy = policies.get(is.policy) as Policy;
  const decisions = (told.acts.decisions.get(id) ?? []).map((made) => decisionAt(told.acts, policy, made));
  const rounds = (told.acts.rounds.get(id) ?? []).map(({ round, reason, what, opened }) => {
    return { round, reason: reason as RoundReason, what, at: Date.parse(opened.at) };
  });
  const gates = gateViews({ decisions, round: Number(is.round), rounds, policy });
  return {
    id,
    workflowId: promotionWorkflowId(id),
    state: is.state as Stage,
    requestedBy: is.requestedBy,
    requestedAt: is.requested?.at ?? '',
    endedAt: is.ended?.at ?? null,
    relaxed: is.relaxed,
    checks: null,
    soak: is.staged && soakAt(is, { acts: told.acts.soaks.get(id) ?? [], policy, now }),
    gates: gates.map((gate) => ({ ...gate, who: null })),
    monitoring: null,
    waitingFor: null,
    breakGlass: glassAt({ told, policies, now }, id, is, policy),
    endReason: is.endReason,
  };
}

function decisionAt({ people, passed }: ToldActs, { gates }: Policy, told: ToldDecision): DecisionRecord {
  const { envelope: id, decision, person, made } = told;
  const [gate, round] = [told.gate as Gate, Number(told.round)];
  const fault = passed.has(id) ? null : faultIn(people.get(person), person, { seq: made.seq, group: gates[gate].group });
  const rest = { fault, stands: fault === null, evidenceDigest: '', toldVoidAt: null };
  return { id, gate, round, decision, person, at: Date.parse(made.at), ...rest };
}

/** What is against a decision besides its round: what became of its author. */
function faultIn(by: ToldPerson | undefined, email: string, { seq, group }: { seq: number; group: string }): Fault | null {
  if (!by?.trusted || seq < by.since) return { cause: 'key revoked', what: `what ${email} signed before counts no more` };
  return hasRight(by.groups, [group]) ? null : { cause: 'left the group', what: `${email} is not in ${group}` };
}

function soakAt(
  { staged, state }: ToldAttempt,
  { acts, policy, now }: { readonly acts: readonly ToldSoakAct[]; readonly policy: Policy; readonly now: number },
): SoakAt {
  const startedAt = staged?.at ?? '';
  const pauses = pausesOf(acts.map((act) => ({ ...act, at: act.made.at })));
  const extendedMs = acts.reduce((sum, { byMs }) => sum + byMs, 0);
  const soak = { startedAt: Date.parse(startedAt), earnedMs: 0, last: null, pauses, extendedMs };
  const isPaused = openPause(pauses) ? true : null;
  return {
    startedAt,
    earned: null,
    min: policy.soak.min,
    minEndsAt: null,
    maxEndsAt: new Date(maximumEndsAt(soak, now, policy)).toISOString(),
    paused: state === 'staging' ? isPaused : false,
  };
}
