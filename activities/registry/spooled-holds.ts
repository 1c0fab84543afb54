import { sha256 } from '../../platform/digest.js';
import { openEnvelope } from '../../platform/envelope.js';
import type { Db } from '../../platform/pool.js';
import { loggable } from '../failures.js';
import type { Deps } from './deps.js';

/** Where spooled holds are, and where they are looked for on the record. */
type Spooled = Pick<Deps, 'serving' | 'log'>;

/** The holds of a model, or of any, in the serving directory that the record has not judged yet, as they were signed one after the other. */
export async function holdsNotOnRecord({ serving }: Spooled, db: Db, model?: string): Promise<string[]> {
  const spooled = (await serving.holds?.list(model)) ?? [];
  if (spooled.length === 0) return [];
  const { rows } = await db.query<{ hash: string }>(
    `SELECT hash FROM envelope WHERE hash = ANY ($1) UNION ALL SELECT hash FROM refusal_counted WHERE hash = ANY ($1)`,
    [spooled.map((envelope) => sha256(envelope))],
  );
  const judged = new Set(rows.map(({ hash }) => hash));
  return spooled
    .filter((envelope) => !judged.has(sha256(envelope)) && signedAt(envelope) !== undefined)
    .toSorted((one, other) => (signedAt(one) ?? '').localeCompare(signedAt(other) ?? ''));
}

/** When a hold says it was signed; undefined for what is no hold at all. */
function signedAt(envelope: string): string | undefined {
  const opened = openEnvelope(envelope);
  return opened.ok && opened.envelope.act === 'hold' ? String(opened.envelope.payload['issued']) : undefined;
}

/** Puts the hold or lift of each model that counts on the record beside what the serving side reads; a failure is mended by the reconcile loop. */
export async function keepHoldsServed({ serving, log }: Spooled, db: Db): Promise<void> {
  if (!serving.holds) return;
  const { rows } = await db.query<{ model: string | null; jws: string }>(
    `SELECT DISTINCT ON (s.model_id) m.name AS model, e.jws FROM switch s JOIN envelope e ON e.hash = s.envelope
       LEFT JOIN model_registry m ON m.id = s.model_id WHERE s.kind = 'hold' ORDER BY s.model_id, s.seq DESC`,
  );
  try {
    for (const { model, jws } of rows) {
      const there = await serving.holds.list(model ?? '');
      if (!there.includes(jws)) await serving.holds.put(model ?? '', jws);
    }
  } catch (error) {
    log('error', 'a hold could not be put where the serving side reads it, will try again', loggable(error));
  }
}
