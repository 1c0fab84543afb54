import type { ChannelName, Notice } from './notice.js';
import type { Policy } from './policy.js';

/** The channel that every notice goes over, whatever a policy says: the file of notices. */
export const FILE_CHANNEL = 'file';

/**
 * Rules §4, the channels that a notice goes over besides the file: those of its severity, or of news that name whom they are for.
 * The end of a page goes where the page went, however harmless the news is.
 */
export function channelsOf({ severity, page }: Pick<Notice, 'severity' | 'page'>, routing: Policy['routing']): ChannelName[] {
  const ends = page !== undefined && page.action !== 'trigger' && routing.critical.includes('pagerduty');
  return [...new Set<ChannelName>([...routing[severity ?? 'addressed'], ...(ends ? (['pagerduty'] as const) : [])])];
}

/** Every channel that a recorded notice owes a delivery over; `routed` is null on notices of before there were others than the file. */
export function channelsOwed(routed: readonly string[] | null): readonly string[] {
  return [FILE_CHANNEL, ...(routed ?? [])];
}
