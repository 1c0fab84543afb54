import { ApplicationFailure, proxyActivities } from '@temporalio/workflow';
import type { Activities } from '../activities/index.js';
import type { NoticeInput } from './messages.js';

const channels = proxyActivities<Pick<Activities, 'deliver'>>({
  startToCloseTimeout: '1 minute',
  retry: { initialInterval: '1 second', maximumInterval: '5 minutes' },
  summary: 'deliver',
});

/** Delivers one notice over its channels, for as long as that takes; nobody waits for it. */
export async function notice(input: NoticeInput): Promise<void> {
  const key: unknown = (input as NoticeInput | null | undefined)?.key;
  if (typeof key !== 'string') throw ApplicationFailure.nonRetryable('key: a text is expected', 'BadInput');
  await channels.deliver({ key });
}
