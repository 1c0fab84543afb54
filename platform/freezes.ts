import type { Freeze } from '../domain/freeze.js';
import type { Db } from './pool.js';

interface Row {
  readonly kind: 'freeze' | 'hold';
  readonly model: string | null;
  readonly is_on: boolean;
  readonly person: string;
  readonly reason: string;
  readonly at: string;
}

/** What holds promotions back now, freezes and holds: of all models, and of the one named, or of any where none is. */
export async function openFreezes(db: Db, model: string | null): Promise<Freeze[]> {
  const { rows } = await db.query<Row>(
    `SELECT DISTINCT ON (s.kind, s.model_id) s.kind, m.name AS model, s.is_on, s.person, s.reason, s.at
       FROM switch s LEFT JOIN model_registry m ON m.id = s.model_id
      WHERE s.kind IN ('freeze', 'hold') AND (s.model_id IS NULL OR $1::text IS NULL OR m.name = $1)
      ORDER BY s.kind, s.model_id NULLS FIRST, s.seq DESC`,
    [model],
  );
  return rows
    .filter(({ is_on: isOn }) => isOn)
    .map(({ kind, model: of, person: by, reason, at }) => {
      return { model: of, since: Date.parse(at), by, reason, ...(kind === 'hold' && { kind }) };
    });
}
