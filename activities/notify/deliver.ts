import type { Notice } from '../../domain/notice.js';
import { inTransaction } from '../../platform/pool.js';
import { BadInput } from '../failures.js';
import type { Deps } from '../registry/deps.js';

/**
 * Delivers one notice over every channel that has not had it. A channel that was given a notice and lost its answer gets it
 * again: the notice's key makes the repeat recognisable.
 */
export function createDeliver({ pool, channels }: Pick<Deps, 'pool' | 'channels'>) {
  return async function deliver({ key }: { key: string }): Promise<void> {
    const { rows } = await pool.query<Notice & { at: string }>(
      'SELECT key, kind, subject, audience, title, body, at FROM notice WHERE key = $1',
      [key],
    );
    const notice = rows[0];
    if (!notice) throw new BadInput(`no notice ${JSON.stringify(key).slice(0, 200)} on the record`);
    const done = await pool.query<{ channel: string }>('SELECT channel FROM notice_delivery WHERE notice_key = $1', [key]);
    for (const channel of channels) {
      if (done.rows.some((row) => row.channel === channel.name)) continue;
      const detail = await channel.send({
        ...notice,
        severity: 'info',
        facts: [],
        links: [],
        to: { emails: [], slack: null, onCall: null },
      });
      await inTransaction(pool, (tx) =>
        tx.query(
          `INSERT INTO notice_delivery (notice_key, channel, detail, at) VALUES ($1, $2, $3, gatehouse_now()) ON CONFLICT DO NOTHING`,
          [key, channel.name, detail],
        ),
      );
    }
  };
}
