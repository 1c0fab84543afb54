import { GATEHOUSE, OWNER } from '../../../domain/audit.js';
import { ENROLMENT_WAITS_MS, FIRST_ADMINISTRATORS } from '../../../domain/enrolment.js';
import { DEFAULTS, FIRST_RIGHTS, hasRight } from '../../../domain/rights.js';
import { recordedPolicy } from '../../../domain/policy-sections.js';
import type { Db } from '../../pool.js';
import type { TrailEvent } from '../audit-trail.js';
import { differing, textOf, type Backing } from './backing.js';
import { isByLogin } from './logins.js';
import type { PersonState } from './person-states.js';
import { scan } from './scan.js';

/** What administrators asked for and others completed, and whether demo people count here. */
export interface Proposals {
  take(event: TrailEvent): void;
  /** The event of a first half, by its signed act. */
  of(envelope: string): TrailEvent | undefined;
  inProduction(): void;
  isProduction(): boolean;
  /** Hears of a policy: the defaults say who may change people. */
  registered(db: Db, event: TrailEvent): Promise<void>;
  /** The groups that may change people by the policies so far. */
  administrators(): readonly string[];
}

/** Starts before the first event. */
export function createProposals(): Proposals {
  const asked = new Map<string, TrailEvent>();
  let isProduction = false;
  let administrators = FIRST_RIGHTS.people;
  return {
    take: (event) => void asked.set(textOf(event.detail['envelope']), event),
    of: (envelope) => asked.get(envelope),
    inProduction: () => void (isProduction = true),
    isProduction: () => isProduction,
    async registered(db, { subject, detail }) {
      if (subject !== `policy/${DEFAULTS}`) return;
      const { rows } = await db.query<{ effective: string }>('SELECT effective FROM policy WHERE digest = $1 LIMIT 1', [
        textOf(detail['digest']),
      ]);
      administrators = rows[0] ? groupsIn(rows[0].effective) : administrators;
    },
    administrators: () => administrators,
  };
}

/** A text that is not a policy is named where policies are compared. */
function groupsIn(effective: string): readonly string[] {
  try {
    return recordedPolicy(effective).rights.people;
  } catch {
    return [];
  }
}

interface Known {
  readonly email: string;
  /** Somebody as they were before the event. */
  readonly person: (email: string) => PersonState | undefined;
  readonly everybody: readonly string[];
  readonly proposals: Proposals;
}

/** Why nobody may have enrolled, changed or revoked somebody as an event says, or undefined. */
export function notEnrolledSo(event: TrailEvent, known: Known): string | undefined {
  const { action, actor, detail } = event;
  if (action === 'key.rotated') return actor === known.email ? undefined : `${actor} rotates the key of ${known.email}`;
  if (action === 'person.revoked') return administers(known, actor) ? undefined : `${actor} is no administrator`;
  if (detail['kind'] === 'administrators') return notByTwo(event, known);
  if (isByLogin(event)) return notTheirs(event, known);
  if (actor === OWNER) {
    const count = known.everybody.filter((email) => administers(known, email) && !isDemo(known, email)).length;
    return detail['assurance'] === 'enrolled' && count < FIRST_ADMINISTRATORS
      ? undefined
      : 'the owner enrols first administrators only';
  }
  const isDemoEvent = actor === GATEHOUSE && detail['assurance'] === 'demo' && action === 'person.enrolled';
  return isDemoEvent && !known.proposals.isProduction() ? undefined : 'no two administrators enrolled them';
}

function notByTwo({ actor, at, subject, detail }: TrailEvent, known: Known): string | undefined {
  const first = known.proposals.of(textOf(detail['first']));
  if (!first || first.subject !== subject) return 'no administrator asked for it first';
  if (first.actor === actor || known.email === actor || known.email === first.actor) return 'it is not by two others';
  if (!administers(known, actor) || !administers(known, first.actor)) return `${actor} or ${first.actor} is no administrator`;
  if (Date.parse(at) - Date.parse(first.at) > ENROLMENT_WAITS_MS) return 'what the first asked for had lapsed';
  const said = ['name', 'groups', 'key', 'issuer', 'subject', 'same_name'].map((field) => [field, first.detail[field]]);
  const fault = differing(detail, Object.fromEntries(said) as Record<string, unknown>);
  return fault === undefined ? undefined : `it is not what event ${first.seq} asked for: ${fault}`;
}

/** The login itself is verified where logins are. */
function notTheirs({ action, actor, detail }: TrailEvent, { person, email }: Known): string | undefined {
  if (actor !== GATEHOUSE) return `${actor} says what only a login can`;
  if (action === 'person.enrolled') return undefined;
  const was = person(email);
  const isTheirs = was?.columns['issuer'] === detail['issuer'] && was?.columns['subject'] === detail['subject'];
  if (!isTheirs || was?.assurance !== 'oidc') return `the login is not of the account of ${email}`;
  return was.revoked ? `${email} was revoked` : undefined;
}

function administers({ person: known, proposals }: Known, email: string): boolean {
  const person = known(email);
  if (!person || person.revoked || !hasRight(person.groups, proposals.administrators())) return false;
  return person.assurance !== 'demo' || !proposals.isProduction();
}

function isDemo({ person }: Known, email: string): boolean {
  return person(email)?.assurance === 'demo';
}

interface Row {
  readonly envelope: string;
  readonly email: string;
  readonly first: string | null;
}

const ENROLMENTS = `SELECT n.envelope, n.email, f.envelope AS first FROM enrolment n LEFT JOIN enrolment f ON f.seq = n.completes
                     ORDER BY n.seq`;

/** Compares every half of an enrolment with its event. */
export function enrolmentsBacking(db: Db): Backing {
  const told = new Map<string, { readonly seq: number; readonly columns: Pick<Row, 'email' | 'first'> }>();
  return {
    take(events) {
      for (const { seq, action, subject, detail } of events) {
        const isHalf = action === 'enrolment.proposed' || detail['kind'] === 'administrators';
        if (!isHalf || !subject.startsWith('person/')) continue;
        const first = action === 'enrolment.proposed' ? null : textOf(detail['first']);
        told.set(textOf(detail['envelope']), { seq, columns: { email: subject.replace(/^person\//, ''), first } });
      }
      return Promise.resolve([]);
    },
    async finish() {
      const faults: string[] = [];
      for await (const rows of scan<Row>(db, ENROLMENTS)) {
        for (const { envelope, ...is } of rows) {
          const says = told.get(envelope);
          told.delete(envelope);
          const fault = says && differing(is, { ...says.columns });
          if (!says) faults.push(`enrolment of ${is.email} by act ${envelope} is on no event`);
          else if (fault !== undefined) faults.push(`enrolment of event ${says.seq} is another on the record: ${fault}`);
        }
      }
      const gone = [...told.values()].map(({ seq }) => `the enrolment of event ${seq} is not on the record`);
      return [...faults, ...gone];
    },
  };
}
