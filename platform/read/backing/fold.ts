import type { AuditAction } from '../../../domain/audit.js';
import type { TrailEvent } from '../audit-trail.js';
import { momentOf, textOf, textsOf } from './backing.js';
import { decided, passed, quarantined, released, rounded, soakActed } from './fold-acts.js';
import { enrolled, revoked, rotated } from './fold-people.js';
import { incidentTold } from './fold-incidents.js';
import { frozen, glassSigned, reviewOpened, unfrozen } from './fold-waits.js';
import { attemptsOf, NO_ATTEMPT, NO_VERSION, type Told, type ToldVersion } from './told.js';

/** What an event does to what is told; answers what of it cannot follow on the events before it. */
export type Step = (told: Told, event: TrailEvent) => string[];

const nothing: Step = () => [];

/** What each action does. A new one has its place here, if only as `nothing`: without one the types do not hold. */
export const STEPS: Readonly<Record<AuditAction, Step>> = {
  'version.registered': registered,
  'version.released': released,
  'version.resolved': nothing,
  'promotion.requested': requested,
  'promotion.asked': asked,
  'promotion.repinned': repinned,
  'round.opened': roundOpened,
  'run.started': runs,
  'run.replaced': runs,
  'stage.changed': stageChanged,
  'production.changed': productionChanged,
  'decision.approved': decided,
  'decision.rejected': decided,
  'decision.retracted': decided,
  'soak.extended': soakActed,
  'soak.paused': soakActed,
  'soak.resumed': soakActed,
  'freeze.begun': frozen,
  'freeze.lifted': unfrozen,
  'hold.begun': frozen,
  'hold.lifted': unfrozen,
  'break-glass.proposed': glassSigned,
  'break-glass.completed': glassSigned,
  'review.opened': reviewOpened,
  'person.enrolled': enrolled,
  'person.changed': enrolled,
  'person.regrouped': enrolled,
  'person.revoked': revoked,
  'key.rotated': rotated,
  'enrolment.proposed': nothing,
  'installation.changed': nothing,
  'clock.advanced': nothing,
  'issuer.key-seen': nothing,
  'audit.checkpointed': nothing,
  'policy.registered': nothing,
  'feature-view.registered': nothing,
  'dataset.registered': nothing,
  'act.refused': nothing,
  'incident.opened': incidentTold,
  'incident.rose': incidentTold,
  'incident.closed': incidentTold,
  'change.followed-up': nothing,
  'serving.pointed': nothing,
  'previous.archived': nothing,
};

/** Adds one event, and answers what it says that cannot follow on those before it; an unknown action does nothing. */
export function fold(told: Told, event: TrailEvent): string[] {
  return Object.hasOwn(STEPS, event.action) ? STEPS[event.action as AuditAction](told, event) : [];
}

function asked({ attempts }: Told, event: TrailEvent): string[] {
  mend(attempts, event.subject, NO_ATTEMPT, { asked: momentOf(event) });
  return [];
}

function runs({ attempts }: Told, { subject, detail }: TrailEvent): string[] {
  mend(attempts, subject, NO_ATTEMPT, { run: textOf(detail['run']) });
  return [];
}

function repinned({ attempts }: Told, { subject, detail }: TrailEvent): string[] {
  const { to, round, relaxed } = detail;
  mend(attempts, subject, NO_ATTEMPT, { policy: textOf(to), round, relaxed: textsOf(relaxed) });
  return [];
}

function registered({ versions }: Told, event: TrailEvent): string[] {
  const { seq, actor, subject, detail } = event;
  const again = versions.has(subject) ? [`event ${seq} registers ${subject} a second time`] : [];
  versions.set(subject, {
    ...NO_VERSION,
    registered: momentOf(event),
    registeredBy: actor,
    envelope: textOf(detail['envelope']),
    artifactDigest: textOf(detail['artifactDigest']),
    featureHash: textOf(detail['featureHash']),
    stage: 'registered',
  });
  return again;
}

function requested({ attempts }: Told, event: TrailEvent): string[] {
  const { seq, actor, subject, detail } = event;
  const again = attempts.has(subject) ? [`event ${seq} requests ${subject} a second time`] : [];
  attempts.set(subject, {
    ...NO_ATTEMPT,
    requested: momentOf(event),
    requestedBy: actor,
    envelope: textOf(detail['envelope']),
    model: textOf(detail['model']),
    version: textOf(detail['version']),
    attempt: detail['attempt'],
    policy: textOf(detail['policy']),
    relaxed: textsOf(detail['relaxed']),
  });
  return again;
}

function roundOpened(told: Told, event: TrailEvent): string[] {
  const { seq, subject, detail } = event;
  const before = told.attempts.get(subject)?.round;
  mend(told.attempts, subject, NO_ATTEMPT, { round: detail['to'] });
  rounded(told, event);
  if (before === detail['from'] && detail['to'] === Number(detail['from']) + 1) return [];
  return [`event ${seq} opens a round of ${subject}, where the trail has it in another`];
}

function stageChanged(told: Told, event: TrailEvent): string[] {
  const { seq, actor, subject, detail } = event;
  const [from, to] = [textOf(detail['from']), textOf(detail['to'])];
  const now = momentOf(event);
  const staged = to === 'staging' ? { staged: now } : {};
  const isEnd = to !== 'validating' && to !== 'staging';
  const reason = to === 'withdrawn' ? `withdrawn by ${actor}: ${textOf(detail['reason'])}` : textOf(detail['reason']);
  const end = isEnd ? { ended: now, endReason: reason } : { ended: null, endReason: null };
  mend(told.attempts, subject, NO_ATTEMPT, { state: to, round: detail['round'], ...staged, ...end });
  const version = `${textOf(detail['model'])}/${textOf(detail['version'])}`;
  return moved(told, { seq, version, from, to }, staged);
}

function productionChanged(told: Told, event: TrailEvent): string[] {
  const { actor, subject, detail } = event;
  const { model, from, to, kind, reason } = detail;
  if (kind === 'promotion') {
    passed(told, event);
    endServing(told, event, `replaced by ${textOf(to)}`);
    mend(told.attempts, subject, NO_ATTEMPT, { state: 'production' });
    told.serving.set(textOf(model), subject);
    return [...archive(told, event, textOf(detail['policy'])), ...promote(told, event, 'staging')];
  }
  const how = typeof to === 'string' ? `rolled back to ${to}` : 'retired';
  endServing(told, event, `${how} by ${actor}: ${textOf(reason)}`);
  told.serving.delete(textOf(model));
  quarantined(told, event);
  const pinned = attemptsOf(told, textOf(model), textOf(from)).at(-1)?.policy ?? '';
  return [...archive(told, event, pinned), ...promote(told, event, 'archived')];
}

/** The attempt that the version in production came from ends with it. */
function endServing(told: Told, event: TrailEvent, endReason: string): void {
  const replaced = told.serving.get(textOf(event.detail['model']));
  if (replaced !== undefined) mend(told.attempts, replaced, NO_ATTEMPT, { state: 'archived', ended: momentOf(event), endReason });
}

function archive(told: Told, event: TrailEvent, archivedUnder: string): string[] {
  const { model, from } = event.detail;
  if (typeof from !== 'string') return [];
  const move = { seq: event.seq, version: `${textOf(model)}/${from}`, from: 'production', to: 'archived' };
  return moved(told, move, { archived: momentOf(event), archivedUnder });
}

function promote(told: Told, event: TrailEvent, before: string): string[] {
  const { model, to } = event.detail;
  if (typeof to !== 'string') return [];
  const move = { seq: event.seq, version: `${textOf(model)}/${to}`, from: before, to: 'production' };
  return moved(told, move, { promoted: momentOf(event), archived: null });
}

interface Move {
  readonly seq: number;
  readonly version: string;
  readonly from: string;
  readonly to: string;
}

function moved({ versions }: Told, { seq, version, from, to }: Move, times: Partial<ToldVersion>): string[] {
  const before = versions.get(version)?.stage ?? NO_VERSION.stage;
  mend(versions, version, NO_VERSION, { ...times, stage: to });
  if (before === from) return [];
  return [`event ${seq} takes ${version} from ${from}, where the trail has it as ${before}`];
}

function mend<T>(all: Map<string, T>, name: string, none: T, change: Partial<T>): void {
  all.set(name, { ...(all.get(name) ?? none), ...change });
}
