import { channelsOwed } from '../../domain/routing.js';
import { inTransaction, type Db } from '../../platform/pool.js';
import { Away, BadInput, NotYet } from '../failures.js';
import type { Channel } from '../ports.js';
import type { Deps } from '../registry/deps.js';
import { createBacklog } from './backlog.js';
import { messageOf, recordedNotice, type RecordedNotice } from './message.js';

type Outcome = 'sent' | 'not-configured' | 'given-up';

/** As many messages go over one channel at once; a channel that hangs takes no more of what the worker can do at once. */
export const MOST_AT_ONCE = 4;
/** The channel whose other side keeps a page open until it is told otherwise. */
const PAGER = 'pagerduty';

/**
 * Delivers one notice over one channel that it was routed to, unless that has been done. A channel that was given a notice and lost
 * its answer gets it again: the notice's key makes the repeat recognisable.
 */
export function createDeliverTo(deps: Pick<Deps, 'pool' | 'channels' | 'places' | 'log'>) {
  const { pool, channels, places, log } = deps;
  const busy = new Map<string, number>();
  const backlog = createBacklog(deliverOnce);

  async function once(channel: Channel, work: () => Promise<string>): Promise<string> {
    const others = busy.get(channel.name) ?? 0;
    if (others >= MOST_AT_ONCE) throw new Away(`${channel.name} is busy with ${others} other messages`);
    busy.set(channel.name, others + 1);
    try {
      return await work();
    } finally {
      busy.set(channel.name, (busy.get(channel.name) ?? 1) - 1);
    }
  }

  return (of: { key: string; channel: string }): Promise<void> => backlog.deliver(of);

  async function deliverOnce({ key, channel: name }: { key: string; channel: string }): Promise<void> {
    const notice = await recordedNotice(pool, key);
    if (!channelsOwed(notice.channels).includes(name) || (await wasDelivered(pool, key, name))) return;
    const channel = channels.find((each) => each.name === name);
    const why = (detail: string) => ({ key, channel: name, why: detail });
    if (!channel) {
      const detail = `no worker is configured for ${name}`;
      log('warn', 'a notice went to a channel that is not configured', why(detail));
      return record(deps, { key, name, outcome: 'not-configured', detail });
    }
    if (name === PAGER) await mustBeNext(pool, notice);
    try {
      const detail = await once(channel, async () => channel.send(await messageOf(pool, notice, places)));
      await record(deps, { key, name, outcome: 'sent', detail });
    } catch (error) {
      if (error instanceof BadInput) {
        log('error', 'a notice was given up', why(error.message));
        return record(deps, { key, name, outcome: 'given-up', detail: error.message });
      }
      if (error instanceof Away) log('warn', 'a notice could not be delivered yet', why(error.message));
      throw error;
    }
  }
}

/** The same over every channel, one after the other: what runs of before the channels were side by side ask for. */
export function createDeliver(deps: Parameters<typeof createDeliverTo>[0]) {
  const deliverTo = createDeliverTo(deps);
  return async function deliver({ key }: { key: string }): Promise<void> {
    for (const channel of channelsOwed((await recordedNotice(deps.pool, key)).channels)) await deliverTo({ key, channel });
  };
}

async function wasDelivered(db: Db, key: string, channel: string): Promise<boolean> {
  const { rowCount } = await db.query('SELECT FROM notice_delivery WHERE notice_key = $1 AND channel = $2', [key, channel]);
  return rowCount === 1;
}

/** A page that is ended before it has begun would stay open for ever: what an incident's notices do to it is done in their order. */
async function mustBeNext(db: Db, { key, page }: RecordedNotice): Promise<void> {
  if (!page) return;
  const { rowCount } = await db.query(
    `SELECT FROM notice this JOIN notice n ON n.page ->> 'incident' = ANY ($2) AND (n.at, n.key) < (this.at, this.key)
      WHERE this.key = $1 AND $3 = ANY (n.channels)
        AND NOT EXISTS (SELECT FROM notice_delivery d WHERE d.notice_key = n.key AND d.channel = $3) LIMIT 1`,
    [key, [page.incident, ...(page.repeated ?? [])], PAGER],
  );
  if (rowCount !== 0) throw new NotYet('an earlier notice of its incident has not been paged yet');
}

async function record(
  { pool }: Pick<Deps, 'pool'>,
  { key, name, outcome, detail }: { key: string; name: string; outcome: Outcome; detail: string },
): Promise<void> {
  await inTransaction(pool, (tx) =>
    tx.query(
      `INSERT INTO notice_delivery (notice_key, channel, outcome, detail, at) VALUES ($1, $2, $3, $4, gatehouse_now())
       ON CONFLICT DO NOTHING`,
      [key, name, outcome, detail],
    ),
  );
}
