import type { IncidentChange } from '../../domain/incidents.js';
import { incidentsOf } from '../../platform/read/live.js';
import { writeIncidents } from '../watch/incidents.js';
import { stepTaken, type Step } from './step.js';

/** Closes what was open about the version that left production: nobody watches it any more (rules §4). */
export const closeIncidents: Step =
  async (_deps, { key, model }) =>
  async (tx) => {
    await tx.query('SELECT lock_model($1)', [model]);
    const { rows } = await tx.query<{ key: string; modelId: number; version: string | null }>(
      `SELECT key, model_id AS "modelId", to_version AS version FROM production_change
        WHERE seq = (SELECT max(b.seq) FROM production_change b JOIN production_change c ON c.key = $1
                      WHERE b.model_id = c.model_id AND b.seq < c.seq)`,
      [key],
    );
    const before = rows[0];
    if (!before?.version) return stepTaken('incidents', 'done', { closed: '0' });
    const { open } = await incidentsOf(tx, before.key);
    const changes = open.map(({ id, condition, severity }): IncidentChange => {
      return { id, condition, change: 'closed', severity, what: `${before.version ?? ''} has left production` };
    });
    const subject = { changeKey: before.key, model, modelId: before.modelId, version: before.version };
    const written = await writeIncidents(tx, subject, changes);
    return { ...stepTaken('incidents', 'done', { closed: String(changes.length) }), written };
  };
