import type { Notice } from '../../domain/notice.js';
import type { Tx } from '../../platform/pool.js';
import type { Deps } from '../registry/deps.js';
import { loggable } from '../failures.js';

/** Puts notices on the record, each key once; answers the keys that are new. */
export async function writeNotices(tx: Tx, notices: readonly Notice[]): Promise<string[]> {
  const written: string[] = [];
  for (const { key, kind, subject, audience, title, body } of notices) {
    const { rowCount } = await tx.query(
      `INSERT INTO notice (key, kind, subject, audience, title, body, at) VALUES ($1, $2, $3, $4, $5, $6, gatehouse_now())
       ON CONFLICT DO NOTHING`,
      [key, kind, subject, audience, title, body],
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
