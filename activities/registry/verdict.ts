import type { Attempt } from '../../domain/attempt.js';
import { findingText, type Finding } from '../../domain/checks.js';
import { printable } from '../../platform/files/quoted.js';
import type { Tx } from '../../platform/pool.js';

/** A verdict on its way to the record. */
export interface NewVerdict {
  /** The attempt as it was when the measurement began: what changed since is not what was measured. */
  readonly attempt: Attempt;
  readonly phase: 'validation' | 'recheck';
  readonly finding: Finding;
  readonly tookMs: number;
}

/** Writes one verdict, as of the moment at which its measurement began, with what was read of strangers' files made printable. */
export async function writeVerdict(tx: Tx, { attempt, phase, finding, tookMs }: NewVerdict): Promise<void> {
  await tx.query(
    `INSERT INTO check_result (promotion_id, round, phase, check_name, verdict, finding, against_version, took_ms, at)
     VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)`,
    [
      attempt.promotionId,
      attempt.round,
      phase,
      finding.check,
      finding.verdict,
      findingText(inPrint(finding)),
      attempt.production,
      tookMs,
      new Date(attempt.now).toISOString(),
    ],
  );
}

/** Names and values of data and models stand in a finding; what no text column or terminal may hold is written out. */
function inPrint(finding: Finding): Finding {
  const texts = (named: Readonly<Record<string, string>>) =>
    Object.fromEntries(Object.entries(named).map(([name, text]) => [printable(name), printable(text)]));
  return {
    ...finding,
    measured: texts(finding.measured),
    limit: texts(finding.limit),
    source: printable(finding.source),
    reason: printable(finding.reason),
  };
}
