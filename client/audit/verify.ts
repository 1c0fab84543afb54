import type { Refusal } from '../../domain/refusal.js';
import { readConfig } from '../../platform/config.js';
import { openCheckpoint, type OpenedCheckpoint } from '../../platform/checkpoint.js';
import { verifyTrail, type TrailReport } from '../../platform/read/audit-verify.js';
import type { CheckpointReport } from '../../platform/read/checkpoint-watch.js';
import { readWritten } from '../files.js';
import { Refused, type Outcome } from '../output.js';
import { openRecord, type RecordReader } from '../record.js';
import { lines } from '../show/marks.js';
import { table } from '../table.js';
import { terminalOf, type Canvas } from '../terminal.js';

/** How `audit verify` is called. */
export const VERIFY_EXAMPLE = '\nExample:\n  gatehouse audit verify --checkpoint checkpoint-2026-11.json';

/** Verifies the trail, and holds it against a kept checkpoint where one is named. */
export async function verify({ checkpoint: path }: { readonly checkpoint?: string }): Promise<Outcome> {
  const kept = path === undefined ? undefined : await keptIn(path);
  const record = await openRecord(readConfig());
  try {
    if (kept) await mustBeOfHere(record, kept);
    const report = await verifyTrail(record.db, kept);
    const outcome = { document: report, text: verdictText(report) };
    return report.ok ? outcome : { ...outcome, refusal: trailRefusal(report) };
  } finally {
    await record.close();
  }
}

async function keptIn(path: string): Promise<OpenedCheckpoint> {
  const { bytes, fileName } = await readWritten(path);
  const kept = await openCheckpoint(bytes.toString('utf8'));
  if ('refusal' in kept) throw new Refused({ ...kept.refusal, what: `${fileName}: ${kept.refusal.what}` });
  return kept;
}

async function mustBeOfHere({ db }: RecordReader, { signed: { payload } }: OpenedCheckpoint): Promise<void> {
  const { rows } = await db.query<{ id: string }>('SELECT id FROM installation');
  if (payload['installation'] === rows[0]?.id) return;
  throw new Refused({
    kind: 'identity',
    what: 'the checkpoint is of another installation',
    given: String(payload['installation']),
    allowed: rows[0]?.id ?? 'none',
    next: 'verify with a checkpoint of this one',
  });
}

/** Why a trail that does not hold is refused: what is wrong with it first, before who signed the checkpoint. */
export function trailRefusal({ firstBroken, why, unbacked, checkpoint }: TrailReport): Refusal {
  const next = 'compare with a backup, and keep this database as it is';
  if (firstBroken !== null) {
    const also = checkpoint?.key === 'another' ? `; and the trail has another key of ${checkpoint.by} than the checkpoint's` : '';
    return { kind: 'rule', what: `the audit trail is broken at event ${firstBroken}: ${why}${also}`, next };
  }
  const more = unbacked.length > 1 ? ` (and ${unbacked.length - 1} more)` : '';
  if (checkpoint && checkpoint.key !== 'enrolled') return { kind: 'identity', what: `${unbacked[0]}${more}`, next };
  return { kind: 'rule', what: `not backed by the audit trail: ${unbacked[0]}${more}`, next };
}

function verdictText({ ok, events, head, unbacked, why, firstBroken, checkpoint }: TrailReport): string {
  const on = terminalOf();
  const chain = `${events} event${events === 1 ? '' : 's'}, head ${head}`;
  if (ok) return [...lines('', `The audit trail holds: ${chain}.`, on), ...vouchedFor(checkpoint, on)].join('\n');
  if (firstBroken !== null) {
    return lines('', `The audit trail is broken at event ${firstBroken}: ${why}. Up to there it holds: ${chain}.`, on).join('\n');
  }
  const rows = unbacked.map((each) => [each]);
  const but = lines('', `The chain holds (${chain}), but not all of the record is backed:`, on);
  return [...but, table(['UNBACKED'], rows, on)].join('\n');
}

function vouchedFor(checkpoint: CheckpointReport | undefined, on: Canvas): readonly string[] {
  const backed = 'What the trail speaks of is on the record as it says.';
  if (!checkpoint) {
    const rewritten = 'A trail rewritten as a whole shows only beside a checkpoint kept elsewhere: gatehouse audit checkpoint.';
    return lines('', `${backed} ${rewritten}`, on);
  }
  const { seq, by, issued, kid } = checkpoint;
  return lines('', `${backed} Up to event ${seq} it is the trail that ${by} signed for at ${issued} (key ${kid}).`, on);
}
