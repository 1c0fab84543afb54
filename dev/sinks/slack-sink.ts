import type { Answer, Asked } from './http-sink.js';
import { keepIn } from './sink-file.js';

const MOST_BLOCKS = 50;
const DIGITS = 6;

/** What Slack answers to `chat.postMessage`, which keeps the message; everything else is a method that it does not know. */
export function slackPeer(file: string): (asked: Asked) => Answer {
  const keep = keepIn(file);
  let posted = 0;
  const refused = (error: string): Answer => ({ status: 200, body: { ok: false, error } });
  return ({ method, path, authorization, body }) => {
    if (method !== 'POST' || path !== '/api/chat.postMessage') return refused('unknown_method');
    if (!authorization.startsWith('Bearer ')) return refused('not_authed');
    const form = new URLSearchParams(body);
    const channel = form.get('channel') ?? '';
    if (channel === '') return refused('channel_not_found');
    const text = form.get('text') ?? '';
    const blocks = listOf(form.get('blocks'));
    if (blocks === undefined || blocks.length > MOST_BLOCKS) return refused('invalid_blocks');
    if (text === '' && blocks.length === 0) return refused('no_text');
    const metadata = JSON.parse(form.get('metadata') ?? 'null') as unknown;
    posted += 1;
    const ts = `${Math.floor(Date.now() / 1_000)}.${String(posted).padStart(DIGITS, '0')}`;
    keep({ channel, ts, text, blocks, metadata });
    return { status: 200, body: { ok: true, channel, ts, message: { text, blocks, ts } } };
  };
}

function listOf(json: string | null): readonly unknown[] | undefined {
  try {
    const value = JSON.parse(json ?? '[]') as unknown;
    return Array.isArray(value) ? value : undefined;
  } catch {
    return undefined;
  }
}
