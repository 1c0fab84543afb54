import type { Notice } from '../../domain/notice.js';
import { channelsOf } from '../../domain/routing.js';
import { FIRST_WATCH } from '../../domain/watch-policy.js';
import type { Tx } from '../../platform/pool.js';
import type { Deps } from '../registry/deps.js';
import { loggable } from '../failures.js';
import { aboutOf } from './about.js';
import { policyOf } from './policy-of.js';

/** Puts notices on the record, each key once, with the channels that the policy sends them to; answers the keys that are new. */
export async function writeNotices(tx: Tx, notices: readonly Notice[]): Promise<string[]> {
  const written: string[] = [];
  for (const notice of notices) {
    const { key, kind, subject, audience, title, body, severity = null, page = null } = notice;
    const { model = null, version = null } = notice.model === undefined ? await aboutOf(tx, subject) : notice;
    const policy = await policyOf(tx, { model, version });
    const channels = channelsOf(notice, policy?.routing ?? FIRST_WATCH.routing);
    const { rowCount } = await tx.query(
      `INSERT INTO notice (key, kind, subject, audience, title, body, at, severity, page, channels, model, version)
       VALUES ($1, $2, $3, $4, $5, $6, gatehouse_now(), $7, $8, $9, $10, $11) ON CONFLICT DO NOTHING`,
      [key, kind, subject, audience, title, body, severity, page && JSON.stringify(page), channels, model, version],
    );
    if (rowCount === 1) written.push(key);
  }
  return written;
}

/** Has notices delivered after their commit; one that is lost here is found by the reconcile loop. */
export async function sendOut({ runs, log }: Pick<Deps, 'runs' | 'log'>, keys: readonly string[]): Promise<void> {
  for (const key of keys) {
    await runs.deliver(key).catch((error: unknown) => {
      log('warn', 'a notice could not be sent out yet', { key, ...loggable(error) });
    });
  }
}
