import { canonicalJson, type JsonValue } from '../../../domain/canonical.js';
import { automaticKey } from '../../../domain/ids.js';
import type { Db } from '../../pool.js';
import type { TrailEvent } from '../audit-trail.js';
import { windowDigest, type WindowFigures, type WindowText } from '../live.js';
import { differing } from './backing.js';

/** A rollback that nobody signed: the windows that were its authority, and the change that had put there what it took away. */
export interface AutomaticRow {
  readonly key: string;
  readonly windows: readonly number[];
  readonly before: number | null;
  readonly record: string;
  readonly envelope: string | null;
  readonly decisions: readonly string[];
  readonly rechecks: readonly string[];
}

/**
 * What of an automatic rollback its event does not say, or undefined: the event names the windows with the SHA-256 of what was recorded of them,
 * so that neither can be put there later, and each breached a limit.
 */
export async function automaticFault(
  db: Db,
  row: AutomaticRow,
  { detail }: Pick<TrailEvent, 'detail'>,
): Promise<string | undefined> {
  const { rows } = await db.query<WindowText & { id: number }>(
    `SELECT w.id, w.from_at, w.to_at, w.verdict, w.severity, w.reason, w.figures FROM performance_window w JOIN production_change c ON c.key = w.change_key
      WHERE w.id = ANY ($1) AND c.seq = $2 ORDER BY w.id DESC`,
    [row.windows, row.before],
  );
  // In the order in which canonical JSON has the names.
  const windows = rows.map(({ id, ...window }) => ({ digest: windowDigest(window), id }));
  const fault = differing(
    { ...row, windows },
    {
      key: automaticKey(row.before ?? 0),
      envelope: null,
      decisions: [],
      rechecks: [],
      windows: detail['windows'],
      record: canonicalJson(detail),
    },
  );
  if (fault !== undefined) return fault;
  const harmless = rows.find((window) => !isBreached(window, detail['condition']));
  return harmless ? `its window ${harmless.id} breaches no rollback limit` : undefined;
}

function isBreached({ severity, figures }: WindowText, condition: JsonValue | undefined): boolean {
  const { conditions } = JSON.parse(figures) as Partial<WindowFigures>;
  const broken = conditions?.some((each) => each.condition === condition && each.known && each.severity === 'rollback');
  return severity === 'rollback' && broken === true;
}
