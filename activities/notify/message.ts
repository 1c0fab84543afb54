import { addressesOf, type Reachable } from '../../domain/audience.js';
import type { Notice } from '../../domain/notice.js';
import { evidenceCommand, linksOf, type Places } from '../../platform/message/links.js';
import type { Message } from '../../platform/message/message.js';
import type { Db } from '../../platform/pool.js';
import { BadInput } from '../failures.js';
import { aboutOf } from './about.js';
import { policyOf } from './policy-of.js';

/** A notice as the record has it. */
export type RecordedNotice = Omit<Notice, 'severity' | 'page' | 'model' | 'version'> & {
  readonly at: string;
  readonly severity: Notice['severity'] | null;
  readonly page: Notice['page'] | null;
  readonly model: string | null;
  readonly version: string | null;
  /** Null where it was written before there were channels besides the file. */
  readonly channels: readonly string[] | null;
};

/** The notice with this key; throws a `BadInput` where there is none. */
export async function recordedNotice(db: Db, key: string): Promise<RecordedNotice> {
  const { rows } = await db.query<RecordedNotice>(
    `SELECT key, kind, subject, audience, title, body, at, severity, page, model, version, channels FROM notice WHERE key = $1`,
    [key],
  );
  if (!rows[0]) throw new BadInput(`no notice ${JSON.stringify(key).slice(0, 200)} on the record`);
  return rows[0];
}

/** The message that a notice comes to: facts, links and addresses by the record and the policy as they are now. */
export async function messageOf(db: Db, notice: RecordedNotice, places: Places): Promise<Message> {
  const { severity, page, channels: _routed, model, version, ...said } = notice;
  const [about, policy, people] = [
    await aboutOf(db, notice.subject),
    await policyOf(db, { model, version }),
    await db.query<Reachable>('SELECT email, groups FROM person WHERE revoked_at IS NULL ORDER BY email'),
  ];
  const to = addressesOf(notice.audience, policy?.contacts ?? {}, people.rows);
  return {
    ...said,
    ...(model !== null && { model }),
    ...(version !== null && { version }),
    ...(page && { page }),
    severity: severity ?? 'info',
    facts: [
      ...(model === null ? [] : [{ name: 'Model', value: model }]),
      ...(version === null ? [] : [{ name: 'Version', value: version }]),
      { name: 'When', value: notice.at },
      ...(to.onCall === null ? [] : [{ name: 'On call', value: to.onCall }]),
      ...(model === null || version === null ? [] : [{ name: 'Evidence', value: evidenceCommand(model, version) }]),
    ],
    links: linksOf(notice.kind, { ...about, ...(model !== null && { model }), ...(version !== null && { version }) }, places),
    to,
  };
}
