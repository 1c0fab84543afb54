import { sha256 } from '../digest.js';
import type { Message } from './message.js';
import { manyLines, oneLine } from './words.js';

/** PagerDuty's limits (developer.pagerduty.com, "PD-CEF fields" and "Send an alert event"). */
const SUMMARY_LENGTH = 1_024;
const DEDUP_LENGTH = 255;
const BODY_LENGTH = 8_000;
const VALUE_LENGTH = 1_000;

/**
 * An event for PagerDuty's Events API v2, without the routing key. What a notice does to a page is said by its incident; any other
 * notice is an alert of its own, and the same notice sent twice is one alert.
 */
export function asPage(message: Message) {
  const { severity, title, body, kind, subject, model, version, at, links, facts, key, page } = message;
  const event = { event_action: page?.action ?? 'trigger', dedup_key: dedupKey(page?.incident ?? key) };
  if (event.event_action !== 'trigger') return event;
  const [first] = links;
  return {
    ...event,
    client: 'Gatehouse',
    ...(first && { client_url: first.url }),
    payload: {
      summary: oneLine(title, SUMMARY_LENGTH),
      source: oneLine(subject, VALUE_LENGTH),
      severity,
      timestamp: at,
      ...(model !== undefined && { component: oneLine(version === undefined ? model : `${model} ${version}`, VALUE_LENGTH) }),
      class: kind,
      custom_details: {
        notice: oneLine(key, VALUE_LENGTH),
        says: manyLines(body, BODY_LENGTH),
        ...Object.fromEntries(facts.map(({ name, value }) => [name, oneLine(value, VALUE_LENGTH)])),
      },
    },
    links: links.map(({ name, url }) => ({ href: url, text: oneLine(name, VALUE_LENGTH) })),
  };
}

/** The same, and with the end of a page the ends of those that repeated it. */
export function asPages(message: Message): ReturnType<typeof asPage>[] {
  const { page } = message;
  if (!page) return [asPage(message)];
  return [page.incident, ...(page.repeated ?? [])].map((incident) => asPage({ ...message, page: { ...page, incident } }));
}

/** A key that is too long is told apart by its hash. */
function dedupKey(key: string): string {
  const line = oneLine(key, Infinity);
  return line.length <= DEDUP_LENGTH ? line : sha256(key);
}
