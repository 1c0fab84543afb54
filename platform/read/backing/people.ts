import type { IssuerKey } from '../../issuer-keys.js';
import type { Db } from '../../pool.js';
import type { TrailEvent } from '../audit-trail.js';
import { differing, type Backing } from './backing.js';
import { notEnrolledSo, type Proposals } from './enrolments.js';
import { PERSON_EVENTS, stateAfter, type PersonColumns, type PersonState } from './person-states.js';
import { scan } from './scan.js';
import { micros } from './times.js';

/** The people of the record, and who they were by the trail. */
export interface People extends Backing {
  /** Who somebody was when an event was written: what came before it, and not it itself. */
  before(seq: number, email: string): PersonState | undefined;
  /** Who somebody was at a time. */
  at(time: string, email: string): PersonState | undefined;
  /** The keys of identity providers that the trail has so far. */
  readonly issuerKeys: readonly IssuerKey[];
}

const PEOPLE = `SELECT email, printed_name, groups, kid, public_key, issuer, subject, assurance, enrolled_by, ${[
  'enrolled_at',
  'key_since',
  'stands_since',
  'revoked_at',
]
  .map((column) => `${micros(column)} AS ${column}`)
  .join(', ')} FROM person ORDER BY email`;
const KEYS = `SELECT kid, person, public_key, ${micros('since')} AS since FROM person_key ORDER BY kid`;

/** Compares every column of every person and every key they ever had with the events that say who they are. */
export function peopleBacking(db: Db, proposals: Proposals, issuerKeys: readonly IssuerKey[]): People {
  const told = new Map<string, PersonState[]>();
  const keys = new Map<string, PersonColumns>();
  const now = (email: string): PersonState | undefined => told.get(email)?.at(-1);
  return {
    before: (seq, email) => told.get(email)?.findLast((state) => state.seq < seq),
    at: (time, email) => told.get(email)?.findLast((state) => state.at <= time),
    issuerKeys,
    async take(events) {
      const faults: string[] = [];
      for (const event of events) {
        if (event.action === 'policy.registered') await proposals.registered(db, event);
        faults.push(...faultsOf(event));
      }
      return faults;
    },
    async finish() {
      return [...(await everybody()), ...(await everyKey())];
    },
  };

  function faultsOf(event: TrailEvent): string[] {
    const { seq, action, subject } = event;
    if (action === 'installation.changed') proposals.inProduction();
    if (action === 'enrolment.proposed') proposals.take(event);
    if (!PERSON_EVENTS.has(action)) return [];
    const email = subject.replace(/^person\//, '');
    const was = now(email);
    if (action === 'person.enrolled' && was) return [`event ${seq} enrols ${email} a second time`];
    if (action !== 'person.enrolled' && !was) return [`event ${seq} (${action}): ${email} is nobody`];
    const fault = notEnrolledSo(event, { email, person: now, everybody: [...told.keys()], proposals });
    const state = stateAfter(event, was);
    told.set(email, [...(told.get(email) ?? []), state]);
    return [...(fault === undefined ? [] : [`event ${seq} (${action}): ${fault}`]), ...newKey(email, state, was)];
  }

  function newKey(email: string, state: PersonState, was: PersonState | undefined): string[] {
    if (state.kid === '' || state.kid === was?.kid) return [];
    if (keys.has(state.kid)) return [`event ${state.seq} gives ${email} a key that was somebody's already`];
    const { public_key: publicKey, key_since: since } = state.columns;
    keys.set(state.kid, { person: email, public_key: publicKey, since });
    return [];
  }

  async function everybody(): Promise<string[]> {
    const unseen = new Set(told.keys());
    const faults: string[] = [];
    for await (const rows of scan<PersonColumns & { readonly email: string }>(db, PEOPLE)) {
      for (const { email, ...is } of rows) {
        unseen.delete(email);
        const says = now(email);
        const fault = says && differing(is, says.columns);
        if (!says) faults.push(`person ${email} is on no event`);
        else if (fault !== undefined) faults.push(`person ${email} is not who event ${says.seq} enrolled: ${fault}`);
      }
    }
    return [...faults, ...[...unseen].map((email) => `person ${email} is on the trail and not on the record`)];
  }

  async function everyKey(): Promise<string[]> {
    const unseen = new Set(keys.keys());
    const faults: string[] = [];
    for await (const rows of scan<PersonColumns & { readonly kid: string }>(db, KEYS)) {
      for (const { kid, ...is } of rows) {
        unseen.delete(kid);
        const says = keys.get(kid);
        const fault = says && differing(is, says);
        if (!says) faults.push(`key ${kid} of ${String(is['person'])} is on no event`);
        else if (fault !== undefined) faults.push(`key ${kid} is not as the trail has it: ${fault}`);
      }
    }
    return [...faults, ...[...unseen].map((kid) => `key ${kid} is on the trail and not on the record`)];
  }
}
