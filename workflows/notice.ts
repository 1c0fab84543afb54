import { ApplicationFailure, patched, proxyActivities } from '@temporalio/workflow';
import type { Activities } from '../activities/index.js';
import { CHANNELS } from '../domain/notice.js';
import { FILE_CHANNEL } from '../domain/routing.js';
import type { NoticeInput } from './messages.js';

const EVERY_CHANNEL: readonly string[] = [FILE_CHANNEL, ...CHANNELS];

/** A channel that is back has everything within a minute (promises §2, R8). */
const channel = (summary: string) =>
  proxyActivities<Pick<Activities, 'deliver' | 'deliverTo'>>({
    startToCloseTimeout: '30 seconds',
    retry: { initialInterval: '1 second', maximumInterval: '40 seconds' },
    summary,
  });

/** Delivers one notice over its channels, side by side and each for as long as it takes; nobody waits for it. */
export async function notice(input: NoticeInput): Promise<void> {
  const key: unknown = (input as NoticeInput | null | undefined)?.key;
  if (typeof key !== 'string') throw ApplicationFailure.nonRetryable('key: a text is expected', 'BadInput');
  if (!patched('channels-side-by-side')) return await channel('deliver').deliver({ key });
  const named: unknown = input.channels;
  const names = EVERY_CHANNEL.filter((name) => !Array.isArray(named) || named.includes(name));
  const delivered = await Promise.allSettled(names.map((name) => channel(name).deliverTo({ key, channel: name })));
  for (const each of delivered) if (each.status === 'rejected') throw each.reason;
}
