import type { JsonValue } from '../../../domain/canonical.js';
import { GATES, type Gate } from '../../../domain/policy.js';
import type { Db } from '../../pool.js';
import { grouped } from './backing.js';
import type { People } from './people.js';
import type { PolicyFacts } from './policies.js';
import { signedBy } from './signed.js';

/** An approval that a production change names, as the record has it. */
export interface ApprovalRow {
  readonly envelope: string;
  readonly promotion_id: string;
  readonly gate: string;
  readonly decision: string;
  readonly person: string;
  readonly accepted: boolean;
  readonly jws: string;
  readonly received_at: string;
}

/** What the approvals of a change have to be about. */
export interface Approved {
  /** The fields that every approval was signed over, with their values. */
  readonly says: Readonly<Record<string, JsonValue | undefined>>;
  /** Who registered the version or asked for an attempt of it. */
  readonly barred: ReadonlySet<string>;
  readonly policy: PolicyFacts | undefined;
  readonly named: number;
  /** The event of the change: whoever approved it was trusted until then. */
  readonly seq: number;
}

/** The approvals of many changes, by the number of the change. */
export async function approvalsOf(db: Db, changes: readonly number[]): Promise<Map<number, ApprovalRow[]>> {
  const { rows } = await db.query<ApprovalRow & { change: number }>(
    `SELECT c.seq AS change, d.envelope, d.promotion_id, d.gate, d.decision, d.person, d.received_at, e.accepted, e.jws
       FROM production_change c JOIN decision d ON d.envelope = ANY (c.decisions) JOIN envelope e ON e.hash = d.envelope
      WHERE c.seq = ANY ($1)`,
    [changes],
  );
  return grouped(rows, ({ change }) => change);
}

/** Why these are not four people's approvals of exactly this change, by the keys and groups that the trail has; or undefined. */
export async function unapproved(
  approvals: readonly ApprovalRow[],
  approved: Approved,
  people: People,
): Promise<string | undefined> {
  if (approvals.length !== approved.named) return 'a decision it names is not on the record';
  const gates = new Set(approvals.map(({ gate }) => gate));
  const missing = GATES.filter((gate) => !gates.has(gate));
  if (missing.length > 0) return `no approval at ${missing.join(', ')}`;
  const persons = new Set(approvals.map(({ person }) => person));
  if (persons.size !== approvals.length) return 'one person approved twice';
  if ([...persons].some((person) => approved.barred.has(person))) return 'somebody approved their own version';
  for (const approval of approvals) {
    const { gate, person, received_at: receivedAt } = approval;
    const then = people.before(approved.seq, person);
    if (then?.revoked || receivedAt < (then?.standsSince ?? '')) return `the approval of ${person} at ${gate} stood no longer`;
    if (!(await isSigned(approval, approved, people)))
      return `the approval at ${gate} is not signed by ${person} over this version`;
    const group = approved.policy?.groupOf[gate as Gate];
    // A policy that is not what the trail says is named by itself.
    if (group !== undefined && !then?.groups.includes(group)) return `${person} was not in ${group} to decide ${gate}`;
  }
  return undefined;
}

async function isSigned(approval: ApprovalRow, { says }: Approved, people: People): Promise<boolean> {
  const { gate, person, promotion_id: promotion, received_at: receivedAt } = approval;
  const envelope = await signedBy(approval.jws, people.at(receivedAt, person), people.issuerKeys);
  if (!envelope || envelope.hash !== approval.envelope || !approval.accepted || approval.decision !== 'approve') return false;
  const expected = { ...says, gate, person, decision: 'approve' };
  return promotion === says['promotion'] && Object.entries(expected).every(([field, value]) => envelope.payload[field] === value);
}
