import type { JWK } from 'jose';
import { GATES } from '../../domain/policy.js';
import { openEnvelope, verifySignature } from '../envelope.js';
import { allPeople } from '../people.js';
import type { Db } from '../pool.js';

/** What an event says of a production change; `envelopes` are the hashes of the approvals it names. */
export interface ChangeEvent {
  readonly seq: number;
  readonly model: string;
  readonly from: string | null;
  readonly to: string;
  readonly envelopes: readonly string[];
}

interface ChangeRow {
  readonly seq: number;
  readonly model: string;
  readonly from_version: string | null;
  readonly to_version: string;
  readonly promotion_id: string;
  readonly requested_by: string;
  readonly registered_by: string;
  readonly artifact_digest: string;
  readonly decisions: readonly string[];
}

interface ApprovalRow {
  readonly envelope: string;
  readonly promotion_id: string;
  readonly gate: string;
  readonly decision: string;
  readonly person: string;
  readonly accepted: boolean;
  readonly jws: string;
}

interface Keys {
  readonly kid: string;
  readonly publicKey: JWK;
}

const CHANGES_AT_ONCE = 500;

/**
 * What is wrong with the production changes of the record: each has its event, and each of its four gates the signed
 * approval of a person who neither registered nor requested the version, verified with that person's enrolled key.
 */
export async function changeFaults(db: Db, events: ReadonlyMap<string, ChangeEvent>): Promise<string[]> {
  const people = new Map((await allPeople(db)).map(({ email, kid, publicKey }) => [email, { kid, publicKey }]));
  const unseen = new Set(events.keys());
  const faults: string[] = [];
  for (let after = 0; ;) {
    const rows = await changesAfter(db, after);
    const last = rows.at(-1);
    if (!last) break;
    after = last.seq;
    const approvals = await approvalsOf(db, rows);
    for (const row of rows) {
      unseen.delete(row.promotion_id);
      const fault = differs(row, events.get(row.promotion_id)) ?? (await unsigned(row, approvals.get(row.seq) ?? [], people));
      if (fault !== undefined) faults.push(`production change of ${row.model} to ${row.to_version}: ${fault}`);
    }
  }
  return [...faults, ...[...unseen].map((id) => `the production change of ${id} is on the trail and not on the record`)];
}

async function changesAfter(db: Db, after: number): Promise<ChangeRow[]> {
  const { rows } = await db.query<ChangeRow>(
    `SELECT c.seq, m.name AS model, c.from_version, c.to_version, c.promotion_id, c.decisions, p.requested_by, v.registered_by, v.artifact_digest
       FROM production_change c
       JOIN model_registry m ON m.id = c.model_id
       LEFT JOIN promotion p ON p.id = c.promotion_id
       LEFT JOIN model_version_detail v ON v.model_id = c.model_id AND v.version = c.to_version
      WHERE c.seq > $1 ORDER BY c.seq LIMIT ${CHANGES_AT_ONCE}`,
    [after],
  );
  return rows;
}

async function approvalsOf(db: Db, changes: readonly ChangeRow[]): Promise<Map<number, ApprovalRow[]>> {
  const { rows } = await db.query<ApprovalRow & { change: number }>(
    `SELECT c.seq AS change, d.envelope, d.promotion_id, d.gate, d.decision, d.person, e.accepted, e.jws
       FROM production_change c JOIN decision d ON d.envelope = ANY (c.decisions) JOIN envelope e ON e.hash = d.envelope
      WHERE c.seq BETWEEN $1 AND $2`,
    [changes[0]?.seq, changes.at(-1)?.seq],
  );
  const byChange = new Map<number, ApprovalRow[]>();
  for (const row of rows) byChange.set(row.change, [...(byChange.get(row.change) ?? []), row]);
  return byChange;
}

function differs(row: ChangeRow, event: ChangeEvent | undefined): string | undefined {
  if (!event) return 'no event speaks of it';
  const same = event.model === row.model && event.from === row.from_version && event.to === row.to_version;
  const named = event.envelopes.toSorted().join() === row.decisions.toSorted().join();
  return same && named ? undefined : `event ${event.seq} speaks of another change`;
}

async function unsigned(
  row: ChangeRow,
  approvals: readonly ApprovalRow[],
  people: ReadonlyMap<string, Keys>,
): Promise<string | undefined> {
  if (approvals.length !== row.decisions.length) return 'a decision it names is not on the record';
  const gates = new Set(approvals.map(({ gate }) => gate));
  const missing = GATES.filter((gate) => !gates.has(gate));
  if (missing.length > 0) return `no approval at ${missing.join(', ')}`;
  const persons = new Set(approvals.map(({ person }) => person));
  if (persons.size !== approvals.length) return 'one person approved twice';
  if (persons.has(row.requested_by) || persons.has(row.registered_by)) return 'somebody approved their own version';
  for (const approval of approvals) {
    if (!(await isSigned(approval, row, people.get(approval.person)))) {
      return `the approval at ${approval.gate} is not signed by ${approval.person} over this version`;
    }
  }
  return undefined;
}

async function isSigned(approval: ApprovalRow, row: ChangeRow, keys: Keys | undefined): Promise<boolean> {
  const opened = openEnvelope(approval.jws);
  if (!keys || !opened.ok || opened.envelope.kid !== keys.kid || opened.envelope.hash !== approval.envelope) return false;
  const says = opened.envelope.payload;
  const asKept = says['gate'] === approval.gate && says['decision'] === 'approve' && says['person'] === approval.person;
  const ofThis = says['promotion'] === row.promotion_id && says['model'] === row.model && says['version'] === row.to_version;
  const isAccepted = approval.accepted && approval.decision === 'approve' && approval.promotion_id === row.promotion_id;
  const overContent = says['artifact_digest'] === row.artifact_digest;
  return asKept && ofThis && isAccepted && overContent && (await verifySignature(approval.jws, keys.publicKey));
}
