import { sha256 } from '../../platform/digest.js';
import type { GrafanaConfig } from '../../platform/grafana.js';
import { Away, BadInput } from '../failures.js';
import type { Dashboards } from '../ports.js';

const DEADLINE_MS = 10_000;
const MOST_BYTES = 1_000_000;
/** Grafana refuses an annotation whose tags are longer together than 500 characters, as it is set up from the start. */
const MOST_TAGS = 400;

/**
 * Production changes as annotations of the organisation in Grafana, over its HTTP API (`/api/annotations`). Each carries a tag
 * made from its key, which is asked for first, so that a repeat adds nothing. Throws `Away` where Grafana does not take it.
 */
export function grafanaDashboards({ url, token }: GrafanaConfig, deadlineMs = DEADLINE_MS): Dashboards {
  const ask = async (path: string, body?: unknown): Promise<unknown> => {
    const response = await fetch(`${url}/api/annotations${path}`, {
      method: body === undefined ? 'GET' : 'POST',
      // Whoever answers for Grafana does so itself, and the token goes nowhere else.
      redirect: 'manual',
      signal: AbortSignal.timeout(deadlineMs),
      headers: {
        accept: 'application/json',
        authorization: `Bearer ${token}`,
        ...(body !== undefined && { 'content-type': 'application/json' }),
      },
      ...(body !== undefined && { body: JSON.stringify(body) }),
    }).catch(() => {
      throw new Away('Grafana does not answer');
    });
    if (response.status !== 200) {
      await response.body?.cancel().catch(() => undefined);
      throw refused(response);
    }
    return await jsonOf(response);
  };
  return {
    name: 'grafana',
    async annotate({ key, at, model, text, tags }) {
      const own = `gatehouse-change-${sha256(key).slice(0, 24)}`;
      const found = await ask(`?${new URLSearchParams({ tags: own, type: 'annotation', limit: '1' }).toString()}`);
      if (!Array.isArray(found)) throw new Away('what answers does not speak as Grafana does');
      if (found.length > 0) return `annotation ${idOf(found[0])}, which was there`;
      const added = await ask('', {
        time: Date.parse(at),
        tags: fitting(['gatehouse', own, model, ...tags]),
        text: escaped(text),
      });
      return `annotation ${idOf(added)}`;
    },
  };
}

function refused(response: Response): Error {
  const { status } = response;
  if (status === 429) return new Away('Grafana is asked too often (429)', retryAfterMs(response));
  if (status >= 300 && status < 400) return new Away(`Grafana sends on to another address (${status}), which is not followed`);
  if (status === 401 || status === 403) return new Away(`Grafana lets nobody in with this token (${status})`);
  if (status === 400 || status === 413 || status === 422) return new BadInput(`Grafana does not take the annotation (${status})`);
  return new Away(`Grafana answers with the status ${status}`);
}

/** Seconds, or a date (RFC 9110 §10.2.3); undefined where it says neither. */
function retryAfterMs({ headers }: Response): number | undefined {
  const text = headers.get('retry-after')?.trim() ?? '';
  if (/^\d{1,6}$/.test(text)) return 1_000 * Number(text);
  const until = Date.parse(text);
  return Number.isNaN(until) ? undefined : Math.max(0, until - Date.now());
}

async function jsonOf(response: Response): Promise<unknown> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  try {
    for await (const chunk of response.body ?? []) {
      size += chunk.length;
      if (size > MOST_BYTES) break;
      chunks.push(chunk);
    }
    return JSON.parse(Buffer.concat(chunks).toString('utf8')) as unknown;
  } catch {
    throw new Away('what answers does not speak as Grafana does');
  }
}

function idOf(answered: unknown): string {
  const id = (answered as { id?: unknown } | null)?.id;
  return Number.isSafeInteger(id) ? String(id) : 'without a number';
}

function fitting(tags: readonly string[]): string[] {
  let size = 0;
  return [...new Set(tags)].filter((tag) => (size += tag.length) <= MOST_TAGS);
}

/** Grafana shows an annotation's text as HTML. */
function escaped(text: string): string {
  const entities: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&#39;' };
  return text.replace(/[&<>"']/g, (character) => entities[character] ?? '');
}
