import { LogLevel, WebClient } from '@slack/web-api';
import { asSlack } from '../message/as-slack.js';
import type { Message } from '../message/message.js';
import { boundedFetch, retryAfterMs } from './bounded-fetch.js';
import { ChannelError, DEADLINE_MS, type Sender } from './sender.js';

/** How Slack is reached. */
export interface SlackConfig {
  readonly token: string;
  /** The channel of what no policy's contacts say another for. */
  readonly channel: string | null;
  /** Slack's own, or a peer that speaks as it does. */
  readonly url: string;
}

/** Errors that pass by themselves, or when somebody has put another token in place; any other is about this message or its channel. */
const PASSING = new Set([
  'accesslimited',
  'account_inactive',
  'ekm_access_denied',
  'enterprise_is_restricted',
  'fatal_error',
  'internal_error',
  'invalid_auth',
  'missing_scope',
  'not_authed',
  'org_login_required',
  'ratelimited',
  'rate_limited',
  'request_timeout',
  'service_unavailable',
  'team_added_to_org',
  'token_expired',
  'token_revoked',
]);
const TOO_MANY = 429;
const USUAL_PAUSE_MS = 30_000;
const SILENT = {
  debug: () => undefined,
  info: () => undefined,
  warn: () => undefined,
  error: () => undefined,
  getLevel: () => LogLevel.ERROR,
  setLevel: () => undefined,
  setName: () => undefined,
};

/** Messages by `chat.postMessage`; the notice's key is in each one's metadata. */
export function slackSender({ token, channel: usual, url }: SlackConfig, withinMs = DEADLINE_MS): Sender {
  const { chat } = new WebClient(token, {
    slackApiUrl: url.endsWith('/') ? url : `${url}/`,
    allowAbsoluteUrls: false,
    // Whoever calls this tries again, and can wait for longer.
    retryConfig: { retries: 0 },
    rejectRateLimitedCalls: true,
    timeout: withinMs,
    fetch: fetchSlack,
    logger: SILENT,
  });
  return {
    name: 'slack',
    place: new URL(url).host,
    async send(message: Message) {
      const channel = message.to.slack ?? usual;
      if (channel === null) throw new ChannelError('neither the contacts nor GATEHOUSE_SLACK_CHANNEL name a Slack channel', true);
      try {
        const { postMessage: post } = chat;
        const { channel: posted, ts } = await post({ channel, ...asSlack(message) });
        return `channel ${posted ?? channel}, message ${ts ?? 'unknown'}`;
      } catch (error) {
        throw errorOf(error);
      }
    },
  };
}

interface SlackFailure {
  readonly code?: string;
  readonly data?: { readonly error?: unknown };
  readonly retryAfter?: number;
  readonly statusCode?: number;
}

/** What a library's error quotes (headers, the body, an address) stays out of it. */
function errorOf(error: unknown): Error {
  const { code, data, retryAfter, statusCode } = error as SlackFailure;
  if (code === 'slack_webapi_rate_limited_error')
    return new ChannelError('Slack takes no more messages for now', false, (retryAfter ?? 0) * 1_000);
  if (code === 'slack_webapi_platform_error') {
    const said = String(data?.error);
    const known = /^[a-z0-9_]{1,60}$/.test(said) ? said : 'an error without a name';
    return new ChannelError(`Slack answers ${known}`, !PASSING.has(said));
  }
  if (code === 'slack_webapi_http_error') return new ChannelError(`Slack answers with status ${statusCode ?? 0}`, false);
  if (code === 'slack_webapi_request_error') return new ChannelError('Slack does not answer, or not as it should', false);
  return error as Error;
}

/** The library knows a limit only by the seconds that it lasts. */
async function fetchSlack(...asked: Parameters<typeof fetch>): Promise<Response> {
  const answer = await boundedFetch(...asked);
  if (answer.status !== TOO_MANY) return answer;
  const seconds = Math.ceil((retryAfterMs(answer.headers) ?? USUAL_PAUSE_MS) / 1_000);
  return new Response(null, { status: TOO_MANY, headers: { 'retry-after': String(seconds) } });
}
