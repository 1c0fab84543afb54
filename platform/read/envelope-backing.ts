import { sha256 } from '../digest.js';
import type { Db } from '../pool.js';
import type { TrailEvent } from './audit-trail.js';

interface EnvelopeRow {
  readonly hash: string;
  readonly jws: string;
  readonly person: string | null;
  readonly accepted: boolean;
  readonly gate: string | null;
  readonly decision: string | null;
  readonly promotion_id: string | null;
}

const DECISIONS: Readonly<Record<string, string>> = {
  'decision.approved': 'approve',
  'decision.rejected': 'reject',
  'decision.retracted': 'retract',
};

/** What is wrong with the signed acts that events name: each is stored as it was received, and says what the event says. */
export async function envelopeFaults(db: Db, events: readonly TrailEvent[]): Promise<string[]> {
  const signed = events.filter(({ action, detail }) => typeof detail['envelope'] === 'string' || action in DECISIONS);
  if (signed.length === 0) return [];
  const hashes = signed.map(({ detail }) => (typeof detail['envelope'] === 'string' ? detail['envelope'] : ''));
  const { rows } = await db.query<EnvelopeRow>(
    `SELECT e.hash, e.jws, e.person, e.accepted, d.gate, d.decision, d.promotion_id
       FROM envelope e LEFT JOIN decision d ON d.envelope = e.hash WHERE e.hash = ANY ($1)`,
    [hashes],
  );
  const kept = new Map(rows.map((row) => [row.hash, row]));
  return signed.flatMap((event, i) => {
    const fault = faultOf(event, kept.get(hashes[i] as string));
    return fault === undefined ? [] : [`event ${event.seq} (${event.action}): ${fault}`];
  });
}

function faultOf({ action, actor, subject, detail }: TrailEvent, row: EnvelopeRow | undefined): string | undefined {
  if (!row) return 'its signed act is not on the record';
  if (sha256(row.jws) !== row.hash) return 'its signed act was changed';
  if (row.accepted !== (action !== 'act.refused')) return `its signed act is marked ${row.accepted ? 'accepted' : 'refused'}`;
  if ((row.person ?? 'unknown') !== actor) return `its signed act is by ${row.person ?? 'nobody known'}, not ${actor}`;
  const decision = DECISIONS[action];
  if (decision === undefined) return undefined;
  const same = row.decision === decision && row.gate === detail['gate'] && row.promotion_id === subject;
  return same ? undefined : 'the decision on the record is another one';
}

/** The decisions on the record that no event speaks of, and whether one is spoken of twice. */
export async function decisionsWithoutEvent(db: Db): Promise<string[]> {
  const actions = Object.keys(DECISIONS);
  const counted = await db.query<{ decisions: number; events: number; named: number }>(
    `SELECT (SELECT count(*) FROM decision) AS decisions, count(*) AS events,
            count(DISTINCT body::jsonb -> 'detail' ->> 'envelope') AS named
       FROM audit_event WHERE action = ANY ($1)`,
    [actions],
  );
  const { decisions = 0, events = 0, named = 0 } = counted.rows[0] ?? {};
  const repeated = events === named ? [] : [`${events - named} events repeat a decision that another event speaks of`];
  // Each event was matched with a decision before, so equal counts leave none over.
  if (decisions === named) return repeated;
  const { rows } = await db.query<{ envelope: string; gate: string; promotion_id: string }>(
    `SELECT d.envelope, d.gate, d.promotion_id FROM decision d
      WHERE NOT EXISTS (SELECT FROM audit_event a WHERE a.subject = d.promotion_id AND a.action = ANY ($1)
                         AND a.body::jsonb -> 'detail' ->> 'envelope' = d.envelope)
      ORDER BY d.seq LIMIT 100`,
    [actions],
  );
  return [
    ...repeated,
    ...rows.map(({ envelope, gate, promotion_id: id }) => `decision ${envelope} at gate ${gate} of ${id} is on no event`),
  ];
}
