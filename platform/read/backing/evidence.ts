import { evidenceBytes, findingText, type Finding } from '../../../domain/checks.js';
import { sha256 } from '../../digest.js';
import type { Db } from '../../pool.js';
import type { TrailEvent } from '../audit-trail.js';
import { grouped, type Backing } from './backing.js';

/** One verdict as it is kept. */
export interface VerdictRow {
  readonly check_name: string;
  readonly verdict: string;
  readonly finding: string;
}

interface ValidationRow extends VerdictRow {
  readonly promotion_id: string;
  readonly round: number;
}

/** Compares the findings of every round that an event carries the evidence digest of with that digest. */
export function evidenceBacking(db: Db): Backing {
  return {
    async take(events) {
      const judged = events.filter(
        ({ action, detail }) =>
          (action === 'stage.changed' || action === 'production.changed' || action === 'round.opened') &&
          typeof detail['evidence'] === 'string',
      );
      if (judged.length === 0) return [];
      const { rows } = await db.query<ValidationRow>(
        `SELECT promotion_id, round, check_name, verdict, finding FROM check_result
          WHERE phase = 'validation' AND promotion_id = ANY ($1) ORDER BY id`,
        [[...new Set(judged.map(({ subject }) => subject))]],
      );
      const byAttempt = grouped(rows, ({ promotion_id: id }) => id);
      return judged.flatMap((event) => faultsOf(event, byAttempt.get(event.subject) ?? []));
    },
    finish: () => Promise.resolve([]),
  };
}

/** The finding in a row, when the row's own columns say the same of it. */
export function findingOf({ check_name: check, verdict, finding: text }: VerdictRow): Finding | undefined {
  try {
    const finding = JSON.parse(text) as Finding;
    return finding.check === check && finding.verdict === verdict && findingText(finding) === text ? finding : undefined;
  } catch {
    return undefined;
  }
}

function faultsOf({ seq, action, subject, detail }: TrailEvent, rows: readonly ValidationRow[]): string[] {
  // A new round's event has what was approved in the one before; a production change stands on the last, which its event does not number.
  const numbered = detail['round'] ?? (action === 'round.opened' ? detail['from'] : undefined);
  const round = typeof numbered === 'number' ? numbered : Math.max(...rows.map((row) => row.round));
  const findings = rows.filter((row) => row.round === round).map((row) => ({ row, finding: findingOf(row) }));
  const damaged = findings.find(({ finding }) => !finding)?.row.check_name;
  if (damaged !== undefined) return [`the finding of ${damaged} in round ${round} of ${subject} contradicts itself`];
  if (sha256(evidenceBytes(findings.map(({ finding }) => finding as Finding))) === detail['evidence']) return [];
  return [`the findings in round ${round} of ${subject} are not the evidence of event ${seq}`];
}
