import type { ActType, Decision } from '../../../domain/acts.js';
import type { JsonValue } from '../../../domain/canonical.js';
import type { OpenedEnvelope } from '../../envelope.js';
import type { TrailEvent } from '../audit-trail.js';
import { textOf } from './backing.js';

/** The events of decisions, and what each decides. */
export const DECISIONS: Readonly<Record<string, Decision>> = {
  'decision.approved': 'approve',
  'decision.rejected': 'reject',
  'decision.retracted': 'retract',
};

type Says = (payload: OpenedEnvelope['payload'], event: TrailEvent) => boolean;

const decided: Says = (payload, { action, subject, detail }) =>
  payload['decision'] === DECISIONS[action] &&
  payload['promotion'] === subject &&
  ['gate', 'round', 'comment', 'meaning'].every((field) => payload[field] === detail[field]);

type Act = readonly [ActType, Says];

const onAttempt: Says = ({ promotion, reason }, { subject, detail }) => promotion === subject && reason === detail['reason'];
const ofGlass: Says = (payload, event) =>
  onAttempt(payload, event) && ['skip', 'round'].every((field) => payload[field] === event.detail[field]);
const byHand: Says = ({ model, reason }, { detail }) => model === detail['model'] && reason === detail['reason'];

const namesOf = (value: JsonValue | undefined): string =>
  Array.isArray(value) ? (value as JsonValue[]).map(textOf).join(',') : '';
const ofPerson: Says = ({ email }, { subject }) => subject === `person/${email}`;
const ofEnrolment: Says = (payload, event) =>
  ofPerson(payload, event) &&
  payload['name'] === event.detail['name'] &&
  payload['member_of'] === namesOf(event.detail['groups']) &&
  ['key', 'issuer', 'subject', 'same_name'].every((field) => payload[field] === (event.detail[field] ?? ''));

const ofFreeze: Says = ({ model, reason }, { subject, detail }) =>
  reason === detail['reason'] && model === (detail['model'] ?? '') && subject === (detail['model'] ?? 'all models');

/** Which act an event speaks of, and whether the act's fields say the same. */
const ACT_OF: Readonly<Record<string, Act>> = {
  'policy.registered': ['policy', ({ model }, { subject }) => subject === `policy/${model}`],
  'feature-view.registered': ['feature-view', () => true],
  'dataset.registered': ['dataset', ({ data }, { detail }) => data === detail['digest']],
  'version.registered': [
    'register',
    ({ model, version, artifact_digest: artifact }, { subject, detail }) =>
      subject === `${model}/${version}` && artifact === detail['artifactDigest'],
  ],
  'audit.checkpointed': [
    'checkpoint',
    (payload, { detail }) => ['seq', 'events', 'head', 'marks'].every((field) => payload[field] === detail[field]),
  ],
  'version.resolved': [
    'resolve',
    ({ model, stage }, { subject, detail }) => subject === `${model}/${textOf(detail['version'])}` && stage === detail['stage'],
  ],
  'version.released': [
    'release',
    ({ model, version, reason }, { subject, detail }) => subject === `${model}/${version}` && reason === detail['reason'],
  ],
  'break-glass.proposed': ['break-glass', ofGlass],
  'break-glass.completed': ['break-glass', ofGlass],
  'freeze.begun': ['freeze', (payload, event) => payload['freeze'] === 'on' && ofFreeze(payload, event)],
  'freeze.lifted': ['freeze', (payload, event) => payload['freeze'] === 'off' && ofFreeze(payload, event)],
  'hold.begun': ['hold', (payload, event) => payload['hold'] === 'on' && ofFreeze(payload, event)],
  'hold.lifted': ['hold', (payload, event) => payload['hold'] === 'off' && ofFreeze(payload, event)],
  'promotion.requested': ['request', ({ model, version }, { subject }) => subject.startsWith(`${model}/${version}/`)],
  'promotion.asked': ['promote', ({ promotion }, { subject }) => promotion === subject],
  'promotion.repinned': [
    'repin',
    (payload, event) => onAttempt(payload, event) && payload['policy_digest'] === event.detail['to'],
  ],
  'soak.extended': ['extend', (payload, event) => onAttempt(payload, event) && payload['by_ms'] === event.detail['by_ms']],
  'soak.paused': ['pause', onAttempt],
  'soak.resumed': ['resume', onAttempt],
  'enrolment.proposed': ['enrol', ofEnrolment],
  'person.revoked': ['revoke', (payload, event) => ofPerson(payload, event) && payload['reason'] === event.detail['reason']],
  'key.rotated': ['rotate', ({ key }, { subject, actor, detail }) => key === detail['key'] && subject === `person/${actor}`],
  'decision.approved': ['decision', decided],
  'decision.rejected': ['decision', decided],
  'decision.retracted': ['decision', decided],
};

/** What people do by a signed act and others without one: changes of stage and of production by hand, enrolments by two. */
const BY_HAND: Readonly<Record<string, Act>> = {
  'person.enrolled administrators': ['enrol', ofEnrolment],
  'person.changed administrators': ['enrol', ofEnrolment],
  'stage.changed withdrawn': ['withdraw', onAttempt],
  'production.changed rollback': [
    'rollback',
    (payload, event) =>
      byHand(payload, event) &&
      payload['to_version'] === event.detail['to'] &&
      payload['from_version'] === (event.detail['from'] ?? ''),
  ],
  'production.changed retirement': [
    'retire',
    (payload, event) => byHand(payload, event) && payload['version'] === event.detail['from'] && event.detail['to'] === null,
  ],
};

function actOf({ action, detail }: TrailEvent): Act | undefined {
  const how = `${action} ${textOf(action === 'stage.changed' ? detail['to'] : detail['kind'])}`;
  // The names are whatever was put on the trail, those of an object's own methods included.
  if (Object.hasOwn(BY_HAND, how)) return BY_HAND[how];
  return Object.hasOwn(ACT_OF, action) ? ACT_OF[action] : undefined;
}

/** Whether an event stands on a signed act, a refused one included. */
export function isOfAct(event: TrailEvent): boolean {
  return event.action === 'act.refused' || 'envelope' in event.detail || actOf(event) !== undefined;
}

/** Whether the signed act is the one that an event speaks of. */
export function actSaid(event: TrailEvent, { act, payload }: OpenedEnvelope): boolean {
  const [asked, says] = actOf(event) ?? [];
  return act === asked && says?.(payload, event) === true;
}
