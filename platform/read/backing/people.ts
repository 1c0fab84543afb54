import { createPublicKey, type JsonWebKey, type KeyObject } from 'node:crypto';
import { canonicalJson } from '../../../domain/canonical.js';
import type { Db } from '../../pool.js';
import type { TrailEvent } from '../audit-trail.js';
import { differing, textOf, type Backing } from './backing.js';
import { scan } from './scan.js';
import { micros } from './times.js';

/** A person as the trail has them enrolled; what they signed is judged by this, whatever the record says of them today. */
export interface Enrolled {
  readonly kid: string;
  /** Undefined where the event holds no key. */
  readonly key: KeyObject | undefined;
  readonly groups: readonly string[];
}

/** The people of the record, and who they are by the trail. */
export interface People extends Backing {
  enrolled(email: string): Enrolled | undefined;
}

/** Columns of `person`, except the e-mail, as an event has them. */
type Columns = Readonly<Record<string, unknown>>;

const PEOPLE = `SELECT email, printed_name, groups, kid, public_key, assurance, enrolled_by, revoked_at,
                       ${micros('enrolled_at')} AS enrolled_at FROM person ORDER BY email`;

/** Compares every column of every person with the event of their enrolment. */
export function peopleBacking(db: Db): People {
  const told = new Map<string, Enrolled & { readonly seq: number; readonly columns: Columns }>();
  return {
    enrolled: (email) => told.get(email),
    take(events) {
      const enrolments = events.filter(({ action }) => action === 'person.enrolled');
      return Promise.resolve(
        enrolments.flatMap((event) => {
          const email = event.subject.replace(/^person\//, '');
          if (told.has(email)) return [`event ${event.seq} enrols ${email} a second time`];
          told.set(email, { seq: event.seq, ...asEnrolled(event) });
          return [];
        }),
      );
    },
    async finish() {
      const unseen = new Set(told.keys());
      const faults: string[] = [];
      for await (const rows of scan<Columns & { readonly email: string }>(db, PEOPLE)) {
        for (const { email, ...is } of rows) {
          unseen.delete(email);
          const says = told.get(email);
          const fault = says && differing(is, says.columns);
          if (!says) faults.push(`person ${email} is on no event`);
          else if (fault !== undefined) faults.push(`person ${email} is not who event ${says.seq} enrolled: ${fault}`);
        }
      }
      return [...faults, ...[...unseen].map((email) => `person ${email} is on the trail and not on the record`)];
    },
  };
}

function asEnrolled({ detail }: TrailEvent): Enrolled & { readonly columns: Columns } {
  const { name, groups, key: kid, publicKey = null, assurance, by, enrolledAt } = detail;
  const columns = {
    printed_name: name,
    groups,
    kid,
    public_key: canonicalJson(publicKey),
    assurance,
    enrolled_by: by,
    enrolled_at: `${textOf(enrolledAt).slice(0, -1)}000Z`,
    revoked_at: null,
  };
  const inGroups = Array.isArray(groups) ? groups.map(textOf) : [];
  return { kid: textOf(kid), key: keyOf(publicKey), groups: inGroups, columns };
}

function keyOf(publicKey: TrailEvent['detail'][string]): KeyObject | undefined {
  try {
    const key = createPublicKey({ key: publicKey as JsonWebKey, format: 'jwk' });
    return key.asymmetricKeyType === 'ed25519' ? key : undefined;
  } catch {
    return undefined;
  }
}
