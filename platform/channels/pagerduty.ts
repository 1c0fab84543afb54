import { asPages } from '../message/as-page.js';
import type { Message } from '../message/message.js';
import { boundedFetch, retryAfterMs } from './bounded-fetch.js';
import { ChannelError, DEADLINE_MS, type Sender } from './sender.js';

/** How PagerDuty is reached. */
export interface PagerDutyConfig {
  /** The integration key of a service, which events are routed by. */
  readonly key: string;
  /** PagerDuty's own, or a peer that speaks as it does. */
  readonly url: string;
}

const [TAKEN, INVALID, TOO_MANY] = [202, 400, 429];

/** Events for PagerDuty's Events API v2, one for each page a message is about; the dedup key makes a repetition the same alert. */
export function pagerdutySender({ key, url }: PagerDutyConfig, withinMs = DEADLINE_MS): Sender {
  const enqueue = `${url.replace(/\/$/, '')}/v2/enqueue`;
  return {
    name: 'pagerduty',
    place: new URL(url).host,
    async send(message: Message) {
      const events = asPages(message);
      for (const event of events) enqueued(await post(enqueue, JSON.stringify({ routing_key: key, ...event }), withinMs));
      return events.map((event) => `${event.event_action} of ${event.dedup_key}`).join(', ');
    },
  };
}

function enqueued({ status, headers }: Response): void {
  if (status === TAKEN) return;
  if (status === INVALID) throw new ChannelError('PagerDuty calls the event or its routing key invalid (400)', true);
  const what = status === TOO_MANY ? 'PagerDuty takes no more events for now' : `PagerDuty answers with status ${status}`;
  throw new ChannelError(what, false, retryAfterMs(headers));
}

async function post(url: string, body: string, withinMs: number): Promise<Response> {
  try {
    return await boundedFetch(url, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body,
      signal: AbortSignal.timeout(withinMs),
    });
  } catch {
    throw new ChannelError('PagerDuty does not answer, or not as it should', false);
  }
}
