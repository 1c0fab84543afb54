import type { Answer, Asked } from './http-sink.js';
import { keepIn } from './sink-file.js';

const ACTIONS = ['trigger', 'acknowledge', 'resolve'];
const SEVERITIES = ['critical', 'error', 'warning', 'info'];
const MOST_SUMMARY = 1_024;

interface Event {
  readonly routing_key?: unknown;
  readonly event_action?: unknown;
  readonly dedup_key?: unknown;
  readonly payload?: { readonly summary?: unknown; readonly source?: unknown; readonly severity?: unknown };
}

/** What PagerDuty's Events API v2 answers to `/v2/enqueue`, which keeps the event without its routing key. */
export function pagerdutyPeer(file: string): (asked: Asked) => Answer {
  const keep = keepIn(file);
  return ({ method, path, body }) => {
    if (method !== 'POST' || path !== '/v2/enqueue') return { status: 404, body: {} };
    const event = eventOf(body);
    const errors = event ? wrongWith(event) : ['the body is no JSON object'];
    if (!event || errors.length > 0)
      return { status: 400, body: { status: 'invalid event', message: 'Event object is invalid', errors } };
    const { routing_key: _secret, ...kept } = event;
    keep(kept);
    return { status: 202, body: { status: 'success', message: 'Event processed', dedup_key: event.dedup_key } };
  };
}

function wrongWith({ routing_key: key, event_action: action, dedup_key: dedup, payload }: Event): string[] {
  const isText = (value: unknown): value is string => typeof value === 'string' && value !== '';
  const isTrigger = action === 'trigger';
  return [
    ...(isText(key) ? [] : ["'routing_key' is missing or blank"]),
    ...(ACTIONS.includes(String(action)) ? [] : ["'event_action' is invalid"]),
    ...(isTrigger || isText(dedup) ? [] : ["'dedup_key' is missing or blank"]),
    ...(isTrigger && !isText(payload?.source) ? ["'payload.source' is missing or blank"] : []),
    ...(isTrigger && !SEVERITIES.includes(String(payload?.severity)) ? ["'payload.severity' is invalid"] : []),
    ...(isTrigger && !(isText(payload?.summary) && payload.summary.length <= MOST_SUMMARY)
      ? [`'payload.summary' is missing or longer than ${MOST_SUMMARY} characters`]
      : []),
  ];
}

function eventOf(body: string): Event | undefined {
  try {
    const value = JSON.parse(body) as unknown;
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? value : undefined;
  } catch {
    return undefined;
  }
}
