import type pg from 'pg';
import type { Attempt, DecisionRecord } from '../../domain/attempt.js';
import type { VersionName } from '../../domain/ids.js';
import { loadAttempt } from '../attempt.js';
import { openEnvelope } from '../envelope.js';
import { allPeople, type Person } from '../people.js';
import type { Db } from '../pool.js';
import { checkIn, type Check } from './check.js';
import { inSnapshot } from './snapshot.js';

/** A decision with what its author signed beside it (21 CFR 11.50: printed name, time, meaning). */
export interface SignedDecision extends DecisionRecord {
  readonly printedName: string;
  readonly meaning: string;
  readonly comment: string;
}

/** Everything an evidence page shows of one attempt; times are ISO text. */
export interface EvidenceRecord {
  readonly attempt: Attempt;
  readonly decisions: readonly SignedDecision[];
  readonly requestedAt: string;
  readonly endedAt: string | null;
  /** Whether some of the soak is time that `clock advance` made. */
  readonly isSimulated: boolean;
  /** When this attempt put its version into production, and in the place of which. */
  readonly promoted: { readonly at: string; readonly from: string | null } | null;
  /** The people of this attempt whose keys came with the installation and prove nothing about a person. */
  readonly demoPeople: readonly string[];
}

/** What `check` answers of a version and what its evidence page shows, read at one moment; no evidence where nobody asked for a promotion. */
export async function readEvidence(
  pool: pg.Pool,
  of: VersionName,
): Promise<{ check: Check; evidence: EvidenceRecord | undefined } | undefined> {
  return await inSnapshot(pool, async (db) => {
    const check = await checkIn(db, of);
    if (!check) return undefined;
    return { check, evidence: check.promotionId === null ? undefined : await evidenceIn(db, check.promotionId) };
  });
}

interface TimesRow {
  requested_at: string;
  ended_at: string | null;
  promoted_at: string | null;
  from_version: string | null;
  is_simulated: boolean;
}

async function evidenceIn(db: Db, promotionId: string): Promise<EvidenceRecord | undefined> {
  const attempt = await loadAttempt(db, promotionId);
  const times = await db.query<TimesRow>(
    `SELECT p.requested_at, p.ended_at, c.at AS promoted_at, c.from_version,
            EXISTS (SELECT 1 FROM performance_window w WHERE w.promotion_id = p.id AND w.simulated) AS is_simulated
       FROM promotion p LEFT JOIN production_change c ON c.promotion_id = p.id WHERE p.id = $1`,
    [promotionId],
  );
  const [row] = times.rows;
  if (!attempt || !row) return undefined;
  return {
    attempt,
    decisions: await signedDecisions(db, attempt),
    requestedAt: row.requested_at,
    endedAt: row.ended_at,
    isSimulated: row.is_simulated,
    promoted: row.promoted_at === null ? null : { at: row.promoted_at, from: row.from_version },
    demoPeople: demoPeople(attempt, await allPeople(db)),
  };
}

async function signedDecisions(db: Db, { promotionId, decisions }: Attempt): Promise<SignedDecision[]> {
  const { rows } = await db.query<{ hash: string; jws: string }>(
    'SELECT e.hash, e.jws FROM decision d JOIN envelope e ON e.hash = d.envelope WHERE d.promotion_id = $1',
    [promotionId],
  );
  const envelopes = new Map(rows.map(({ hash, jws }) => [hash, jws]));
  return decisions.map((decision) => ({ ...decision, ...signedIn(envelopes.get(decision.id) ?? '') }));
}

/** Names and words as they were signed, not as the record's other tables have them today. */
function signedIn(jws: string): Pick<SignedDecision, 'printedName' | 'meaning' | 'comment'> {
  const opened = openEnvelope(jws);
  const payload: Readonly<Record<string, unknown>> = opened.ok ? opened.envelope.payload : {};
  const field = (name: string): string => (typeof payload[name] === 'string' ? payload[name] : 'not readable');
  return {
    printedName: field('printed_name'),
    meaning: field('meaning'),
    comment: field('comment'),
  };
}

function demoPeople({ requestedBy, registeredBy, decisions, breakGlass }: Attempt, people: readonly Person[]): string[] {
  const involved = new Set([registeredBy, requestedBy, ...[...decisions, ...breakGlass].map(({ person }) => person)]);
  return people.filter(({ email, assurance }) => assurance === 'demo' && involved.has(email)).map(({ email }) => email);
}
