import type { Skip } from '../../../domain/attempt.js';
import type { TrailEvent } from '../audit-trail.js';
import { momentOf, textOf } from './backing.js';
import type { Told } from './told.js';

/** A freeze or hold in the place of the one before of the same kind and models. */
export function frozen({ acts }: Told, event: TrailEvent): string[] {
  const { actor: by, detail } = event;
  const model = detail['model'] === null ? null : textOf(detail['model']);
  const kind = event.action === 'hold.begun' ? { kind: 'hold' as const } : {};
  acts?.freezes.set(keyOf(event), { model, by, reason: textOf(detail['reason']), begun: momentOf(event), ...kind });
  return [];
}

/** The end of a freeze or hold. */
export function unfrozen({ acts }: Told, event: TrailEvent): string[] {
  acts?.freezes.delete(keyOf(event));
  return [];
}

/** A signature for skipping a wait, behind those before it. */
export function glassSigned({ acts }: Told, event: TrailEvent): string[] {
  const { actor: person, subject, detail } = event;
  const signed = {
    envelope: textOf(detail['envelope']),
    round: Number(detail['round']),
    skip: textOf(detail['skip']) as Skip,
    person,
    reason: textOf(detail['reason']),
    made: momentOf(event),
  };
  acts?.glass.set(subject, [...(acts.glass.get(subject) ?? []), signed]);
  return [];
}

/** A review that a group owes, behind those before it. */
export function reviewOpened({ acts }: Told, event: TrailEvent): string[] {
  const { subject, detail } = event;
  const [id, kind, owner, dueAt] = ['review', 'kind', 'owner', 'dueAt'].map((field) => textOf(detail[field])) as [
    string,
    string,
    string,
    string,
  ];
  acts?.reviews.push({ id, kind, subject, owner, openedAt: momentOf(event).at, dueAt, closedAt: null, closedBy: null });
  return [];
}

function keyOf({ action, detail }: TrailEvent): string {
  return `${action.split('.')[0] ?? ''}/${detail['model'] === null ? '' : textOf(detail['model'])}`;
}
