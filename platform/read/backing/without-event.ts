import type { Db } from '../../pool.js';
import { scan } from './scan.js';

interface Kept {
  readonly hash: string;
  readonly act: string;
  readonly subject: string;
  readonly accepted: boolean;
}

/** What was registered a second time is answered and changes nothing: there is no event of it. */
const CHANGES_NOTHING = `(e.accepted AND e.act IN ('policy', 'feature-view', 'dataset', 'register') AND e.answer LIKE '%"unchanged":true%')`;
const REFUSALS_KEPT = 20;
const NAMED_AT_MOST = 100;

/** The signed acts on the record that no event speaks of, and the refusals that are counted too early. */
export async function envelopesWithoutEvent(db: Db, isNamed: (hash: string) => boolean, named: number): Promise<string[]> {
  const faults: string[] = [];
  const { rows } = await db.query<{ kept: number }>(`SELECT count(*) AS kept FROM envelope e WHERE NOT ${CHANGES_NOTHING}`);
  // Each event was matched with an envelope before, so equal counts leave none over.
  if (rows[0]?.kept !== named) {
    const all = `SELECT e.hash, e.act, e.subject, e.accepted FROM envelope e WHERE NOT ${CHANGES_NOTHING} ORDER BY e.received_at`;
    for await (const kept of scan<Kept>(db, all)) {
      for (const { hash, act, subject, accepted } of kept) {
        if (isNamed(hash)) continue;
        faults.push(`${accepted ? 'accepted' : 'refused'} act ${hash} (${act} on ${subject}) is on no event`);
        if (faults.length >= NAMED_AT_MOST) return faults;
      }
    }
  }
  return [...faults, ...(await countedTooEarly(db))];
}

/** The decisions on the record whose signed act is on no event of a decision, whatever else speaks of it. */
export async function decisionsWithoutEvent(db: Db, isDecided: (hash: string) => boolean): Promise<string[]> {
  const faults: string[] = [];
  const decisions = 'SELECT envelope, gate, promotion_id FROM decision ORDER BY seq';
  for await (const rows of scan<{ envelope: string; gate: string; promotion_id: string }>(db, decisions)) {
    for (const { envelope, gate, promotion_id: id } of rows) {
      if (!isDecided(envelope)) faults.push(`decision by act ${envelope} at gate ${gate} of ${id} is on no event`);
      if (faults.length >= NAMED_AT_MOST) return faults;
    }
  }
  return faults;
}

/** A refusal is counted without an event only after twenty of its kind that have one. */
async function countedTooEarly(db: Db): Promise<string[]> {
  const { rows } = await db.query<{ act: string; subject: string; kept: number }>(
    `SELECT c.act, c.subject, k.kept FROM (SELECT DISTINCT act, person, subject FROM refusal_counted) c
      CROSS JOIN LATERAL (SELECT count(*) AS kept FROM envelope e
        WHERE NOT e.accepted AND e.subject = c.subject AND e.act = c.act AND e.person IS NOT DISTINCT FROM c.person) k
      WHERE k.kept < ${REFUSALS_KEPT} ORDER BY 2, 1 LIMIT ${NAMED_AT_MOST}`,
  );
  return rows.map(
    ({ act, subject, kept }) =>
      `refusals of ${act} on ${subject} are counted, and only ${kept} of ${REFUSALS_KEPT} are on the record in full`,
  );
}
