import { formatDuration } from '../../domain/quantity.js';
import type { Db } from '../pool.js';
import { checked, type Check } from './check.js';

const APART_MS = 5_000;

/** How far this machine's clock and the record's are apart, and by how much the record's was moved on. */
export async function clockCheck(db: Db): Promise<Check> {
  const asked = Date.now();
  const { rows } = await db.query<{ server: number; offset_ms: number; environment: string }>(
    `SELECT (extract(epoch FROM clock_timestamp()) * 1000)::bigint AS server,
            (extract(epoch FROM clock_offset) * 1000)::bigint AS offset_ms, environment FROM installation`,
  );
  const answered = Date.now();
  const { server = answered, offset_ms: offsetMs = 0, environment = '' } = rows[0] ?? {};
  // The question took time too; it was answered somewhere in between.
  const apart = Math.max(asked - server, server - answered, 0);
  const moved = offsetMs > 0 ? `the record's is moved on by ${formatDuration(offsetMs)} (${environment})` : 'not moved on';
  return checked('clock', apart <= APART_MS, {
    found: `${apart === 0 ? 'the same' : `${formatDuration(apart)} apart`}; ${moved}`,
    wants: `this machine and PostgreSQL at most ${formatDuration(APART_MS)} apart; PostgreSQL's decides`,
    next: 'set both by NTP',
  });
}

interface Odd {
  model: string;
  last: string | null;
  serving: string | null;
}

/** Whether each model has in production what its last production change put there. */
export async function productionCheck(db: Db): Promise<Check> {
  const { rows } = await db.query<Odd>(
    `SELECT m.name AS model, c.to_version AS last, v.version AS serving
       FROM model_registry m
       LEFT JOIN LATERAL (SELECT to_version FROM production_change WHERE model_id = m.id ORDER BY seq DESC LIMIT 1) c ON true
       LEFT JOIN model_version_detail v ON v.model_id = m.id AND v.status = 'production'
      WHERE c.to_version IS DISTINCT FROM v.version ORDER BY m.name LIMIT 10`,
  );
  const odd = rows.map(({ model, last, serving }) => `${model} has ${serving ?? 'none'}, its last change says ${last ?? 'none'}`);
  return checked('production', odd.length === 0, {
    found: odd.join('; ') || 'as the last changes say',
    wants: 'the version of the last production change of each model, and no other',
    next: 'somebody changed rows by hand: gatehouse audit verify, and compare with a backup',
  });
}
