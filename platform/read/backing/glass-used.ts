import type { JsonValue } from '../../../domain/canonical.js';
import type { Db } from '../../pool.js';
import type { Approved } from './approvals.js';
import { grouped, textOf } from './backing.js';
import type { People } from './people.js';
import { signedBy } from './signed.js';

/** A signature by which a production change skipped a wait, as the record has it. */
export interface GlassRow {
  readonly envelope: string;
  readonly promotion_id: string;
  readonly skip: string;
  readonly person: string;
  readonly reason: string;
  readonly accepted: boolean;
  readonly jws: string;
  readonly received_at: string;
}

/** The break-glass signatures of many changes, by the number of the change. */
export async function glassOf(db: Db, changes: readonly number[]): Promise<Map<number, GlassRow[]>> {
  const { rows } = await db.query<GlassRow & { change: number }>(
    `SELECT c.seq AS change, b.envelope, b.promotion_id, b.skip, b.person, b.reason, e.accepted, e.jws, e.received_at
       FROM production_change c JOIN break_glass b ON b.envelope = ANY (c.break_glass) JOIN envelope e ON e.hash = b.envelope
      WHERE c.seq = ANY ($1)`,
    [changes],
  );
  return grouped(rows, ({ change }) => change);
}

/** What an event says of one signature. */
export interface SaidGlass {
  readonly envelope: string;
  readonly skip: string;
  readonly person: string;
  readonly reason: string;
}

/** The signatures that an event of a production change names. */
export function glassSaid(value: JsonValue | undefined): SaidGlass[] {
  if (!Array.isArray(value)) return [];
  return (value as ({ [name: string]: JsonValue } | null)[]).map((each) => ({
    envelope: textOf(each?.['envelope']),
    skip: textOf(each?.['skip']),
    person: textOf(each?.['person']),
    reason: textOf(each?.['reason']),
  }));
}

/** Why a wait was not skipped by two people's signatures over exactly this change, by the keys and groups that the trail has. */
export async function glassFault(
  signed: readonly GlassRow[],
  said: readonly SaidGlass[],
  { says, barred, policy, seq }: Pick<Approved, 'says' | 'barred' | 'policy' | 'seq'>,
  people: People,
): Promise<string | undefined> {
  if (signed.length !== said.length) return 'a break-glass it names is not on the record';
  for (const [skip, pair] of grouped(signed, (row) => row.skip)) {
    const persons = new Set(pair.map(({ person }) => person));
    if (pair.length !== 2 || persons.size !== 2) return `the break-glass of ${skip} is not by two people`;
    if ([...persons].some((person) => barred.has(person))) return 'somebody broke the glass for their own version';
  }
  for (const row of signed) {
    const { person, skip, reason } = row;
    const then = people.before(seq, person);
    if (then?.revoked || row.received_at < (then?.standsSince ?? '')) return `the break-glass of ${person} stood no longer`;
    const envelope = await signedBy(row.jws, people.at(row.received_at, person), people.issuerKeys);
    const expected = { ...says, person, skip, reason };
    const isOver = Object.entries(expected).every(([field, value]) => envelope?.payload[field] === value);
    const event = said.find((each) => each.envelope === row.envelope);
    const isSaid = event?.person === person && event.skip === skip && event.reason === reason;
    const isAct = envelope?.hash === row.envelope && envelope.act === 'break-glass' && row.accepted;
    if (!isAct || !isOver || !isSaid || row.promotion_id !== says['promotion'])
      return `the break-glass is not signed by ${person} over this version`;
    if (policy && !then?.groups.some((group) => policy.breakGlass.includes(group)))
      return `${person} had no right to break the glass`;
  }
  return undefined;
}
