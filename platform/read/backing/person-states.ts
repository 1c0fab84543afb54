import { createPublicKey, type JsonWebKey, type KeyObject } from 'node:crypto';
import { canonicalJson, type JsonValue } from '../../../domain/canonical.js';
import type { TrailEvent } from '../audit-trail.js';
import { textOf, type Moment } from './backing.js';

/** Columns of `person`, except the e-mail, as the trail has them. */
export type PersonColumns = Readonly<Record<string, unknown>>;

/** A person as the trail has them from an event on; what they signed then is judged by this, whatever the record says today. */
export interface PersonState extends Moment {
  readonly kid: string;
  /** Undefined where the events hold no key. */
  readonly key: KeyObject | undefined;
  readonly groups: readonly string[];
  readonly assurance: string;
  readonly revoked: boolean;
  /** What they decided before this stands no longer. */
  readonly standsSince: string;
  readonly columns: PersonColumns;
}

/** The events that say who somebody is. */
export const PERSON_EVENTS: ReadonlySet<string> = new Set([
  'person.enrolled',
  'person.changed',
  'person.regrouped',
  'key.rotated',
  'person.revoked',
]);

/** Who somebody is after an event, by who they were before it. */
export function stateAfter(event: TrailEvent, was: PersonState | undefined): PersonState {
  const { seq, at, action } = event;
  switch (action) {
    case 'key.rotated':
      return withColumns(event, was, { ...was?.columns, ...keyColumns(event), key_since: micros(at) });
    case 'person.revoked':
      return { ...withColumns(event, was, { ...was?.columns, revoked_at: micros(at) }), seq, at, revoked: true };
    case 'person.regrouped':
      return withColumns(event, was, { ...was?.columns, groups: event.detail['groups'] });
    default:
      return withColumns(event, was, enrolledColumns(event, was));
  }
}

function withColumns({ seq, at }: TrailEvent, was: PersonState | undefined, columns: PersonColumns): PersonState {
  const { kid, public_key: publicKey, groups, assurance, stands_since: standsSince, revoked_at: revokedAt } = columns;
  return {
    seq,
    at,
    kid: typeof kid === 'string' ? kid : '',
    key: publicKey === was?.columns['public_key'] ? was?.key : keyOf(publicKey),
    groups: Array.isArray(groups) ? (groups as JsonValue[]).map(textOf) : [],
    assurance: String(assurance),
    revoked: revokedAt !== null,
    standsSince: `${String(standsSince).slice(0, -4)}Z`,
    columns,
  };
}

function keyColumns({ detail: { key = null, publicKey = null } }: TrailEvent): PersonColumns {
  return { kid: key, public_key: publicKey === null ? null : canonicalJson(publicKey) };
}

function enrolledColumns(event: TrailEvent, was: PersonState | undefined): PersonColumns {
  const { name, groups, issuer = null, subject = null, assurance, by, enrolledAt = event.at } = event.detail;
  const [before, at] = [was?.columns, micros(textOf(enrolledAt))];
  const key = keyColumns(event);
  const isKept = before !== undefined && key['kid'] === before['kid'];
  // A new key by other hands than their own, or a return: what they decided before may not have been theirs.
  const isSame = isKept && !was?.revoked && issuer === before['issuer'] && subject === before['subject'];
  return {
    printed_name: name,
    groups,
    ...key,
    issuer,
    subject,
    assurance,
    enrolled_by: by,
    enrolled_at: at,
    key_since: key['kid'] === null ? null : isKept ? before['key_since'] : at,
    stands_since: isSame ? before['stands_since'] : at,
    revoked_at: null,
  };
}

/** A time of the trail as the database writes it in microseconds. */
function micros(at: string): string {
  return `${at.slice(0, -1)}000Z`;
}

function keyOf(publicKey: unknown): KeyObject | undefined {
  try {
    const key = createPublicKey({ key: JSON.parse(String(publicKey)) as JsonWebKey, format: 'jwk' });
    return key.asymmetricKeyType === 'ed25519' ? key : undefined;
  } catch {
    return undefined;
  }
}
