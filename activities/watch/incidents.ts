import { GATEHOUSE } from '../../domain/audit.js';
import { toldAs, type IncidentChange } from '../../domain/incidents.js';
import type { Notice, Severity } from '../../domain/notice.js';
import { appendAudit } from '../../platform/audit.js';
import type { Tx } from '../../platform/pool.js';
import type { InService } from '../../platform/read/live.js';
import { writeNotices } from '../notify/notices.js';

/** What incidents are about, wherever they come from. */
export type Subject = Pick<InService, 'changeKey' | 'model' | 'modelId' | 'version'>;

/** Who hears of an incident, besides everybody that its channel reaches. */
const AUDIENCE: Readonly<Record<Severity, readonly string[]>> = {
  critical: ['on_call', 'mlops', 'ds-team', 'devops'],
  warning: ['mlops', 'ds-team'],
  info: ['mlops'],
};

/** Puts changes of incidents on the record, each with its audit event and its notice; answers the keys of the notices that are new. */
export async function writeIncidents(tx: Tx, subject: Subject, changes: readonly IncidentChange[]): Promise<string[]> {
  const { changeKey, model, modelId, version } = subject;
  const notices: Notice[] = [];
  for (const { id, condition, change, severity, what } of changes) {
    const { rows } = await tx.query<{ at: string }>(
      `INSERT INTO incident (id, model_id, version, change_key, condition, change, severity, what, at)
       VALUES ($1, $2, $3, $4, $5, $6, $7, $8, gatehouse_now()) ON CONFLICT DO NOTHING RETURNING at`,
      [id, modelId, version, changeKey, condition, change, severity, what],
    );
    if (rows.length === 0) continue;
    const detail = { model, version, change: changeKey, condition, severity, what };
    await appendAudit(tx, { action: `incident.${change}`, actor: GATEHOUSE, subject: id, detail });
    const repeated = change === 'closed' ? await repeatedPages(tx, id) : [];
    notices.push(noticeOf(subject, { id, condition, change, severity, what }, repeated));
  }
  return await writeNotices(tx, notices);
}

/** The pages of an incident that were repeated under ids of their own. */
async function repeatedPages(tx: Tx, id: string): Promise<string[]> {
  const { rows } = await tx.query<{ incident: string }>(
    `SELECT DISTINCT page ->> 'incident' AS incident FROM notice
      WHERE subject = $1 AND page ->> 'action' = 'trigger' AND page ->> 'incident' <> $1 ORDER BY 1`,
    [id],
  );
  return rows.map(({ incident }) => incident);
}

/** What an incident of these conditions means; of the others their own name and severity say it. */
const MEANINGS: Readonly<Partial<Record<IncidentChange['condition'], string>>> = {
  source: 'its figures cannot be read',
  watch: 'nobody watches it',
  'no-rollback': 'it should be rolled back, and that takes a person',
};

function titleOf({ model, version }: Subject, { condition, change, severity }: IncidentChange): string {
  const about = MEANINGS[condition] ?? condition;
  if (change === 'closed') return `${model} ${version}: over: ${about}`;
  if (MEANINGS[condition] !== undefined) return `${model} ${version}: ${about}`;
  return `${model} ${version}: ${condition} is ${severity === 'rollback' ? 'beyond the rollback limit' : severity}`;
}

function noticeOf(subject: Subject, incident: IncidentChange, repeated: readonly string[]): Notice {
  const { model, version } = subject;
  const { id, change, severity, what } = incident;
  const told = toldAs(incident);
  const isPaged = severity === 'critical' || severity === 'rollback';
  return {
    key: `incident/${id}/${change}${change === 'closed' ? '' : `/${severity}`}`,
    kind: 'incident',
    subject: id,
    model,
    version,
    audience: AUDIENCE[told],
    title: titleOf(subject, incident),
    body: what,
    severity: told,
    ...(isPaged && {
      page: change === 'closed' ? { action: 'resolve', incident: id, repeated } : { action: 'trigger', incident: id },
    }),
  };
}
