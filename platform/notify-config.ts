import type { ChannelsConfig } from './channels/configured.js';
import { ConfigError } from './config-error.js';
import { isEncrypted, isLoopback } from './identity-provider.js';
import { mailServerOf, type MailServer } from './mail-server.js';
import { secretOf } from './secret.js';

type Env = Readonly<Record<string, string | undefined>>;

/** How people are told: the channels, and where the links in messages lead. */
export interface NotifyConfig {
  readonly channels: ChannelsConfig;
  readonly temporalUiUrl?: string;
  /** An address with `{model}` and `{version}` in it. */
  readonly evidenceUrl?: string;
}

const SLACK_URL = 'https://slack.com/api/';
const PAGERDUTY_URL = 'https://events.pagerduty.com';
const MAIL = ['GATEHOUSE_SMTP_URL', 'GATEHOUSE_SMTP_URL_FILE', 'GATEHOUSE_MAIL_FROM'];

/** How people are told, from the environment; what is wrong with it joins `problems`, without a secret. */
export function notifyConfigOf(env: Env, problems: string[]): NotifyConfig {
  const slack = slackOf(env, problems);
  const pagerduty = pagerdutyOf(env, problems);
  const isMailed = MAIL.some((name) => env[name]);
  const email = isMailed ? mailServerFrom(env, problems) : undefined;
  const temporalUiUrl = linkOf('GATEHOUSE_TEMPORAL_UI_URL', env, problems);
  const evidenceUrl = linkOf('GATEHOUSE_EVIDENCE_URL', env, problems);
  return {
    channels: { ...(slack && { slack }), ...(email && { email }), ...(pagerduty && { pagerduty }) },
    ...(temporalUiUrl && { temporalUiUrl }),
    ...(evidenceUrl && { evidenceUrl }),
  };
}

/** The same alone; throws one `ConfigError` with every problem found. */
export function readNotifyConfig(env: Env = process.env): NotifyConfig {
  const problems: string[] = [];
  const config = notifyConfigOf(env, problems);
  if (problems.length > 0) throw new ConfigError(problems);
  return config;
}

/** The mail server that the environment names; that it names none is a problem as well. */
export function mailServerFrom(env: Env, problems: string[]): MailServer | undefined {
  const before = problems.length;
  const url = secretOf('GATEHOUSE_SMTP_URL', env, problems);
  return problems.length > before ? undefined : mailServerOf(url, env['GATEHOUSE_MAIL_FROM'], problems);
}

function slackOf(env: Env, problems: string[]): ChannelsConfig['slack'] {
  const token = secretOf('GATEHOUSE_SLACK_TOKEN', env, problems);
  const channel = env['GATEHOUSE_SLACK_CHANNEL'] || null;
  const url = addressOf('GATEHOUSE_SLACK_URL', env, SLACK_URL, problems);
  if (channel !== null && !/^[#@]?[\p{L}\p{N}_.-]{1,80}$/u.test(channel))
    problems.push('GATEHOUSE_SLACK_CHANNEL: is no channel, such as #ml-alerts or C0123456789');
  mustStandWith('GATEHOUSE_SLACK_TOKEN', token, ['GATEHOUSE_SLACK_CHANNEL', 'GATEHOUSE_SLACK_URL'], env, problems);
  return token === undefined ? undefined : { token, channel, url };
}

function pagerdutyOf(env: Env, problems: string[]): ChannelsConfig['pagerduty'] {
  const key = secretOf('GATEHOUSE_PAGERDUTY_KEY', env, problems);
  const url = addressOf('GATEHOUSE_PAGERDUTY_URL', env, PAGERDUTY_URL, problems);
  mustStandWith('GATEHOUSE_PAGERDUTY_KEY', key, ['GATEHOUSE_PAGERDUTY_URL'], env, problems);
  return key === undefined ? undefined : { key, url };
}

/** Whom a secret is sent to: by TLS, or on this machine. */
function addressOf(name: string, env: Env, usual: string, problems: string[]): string {
  const given = env[name];
  if (!given) return usual;
  const url = URL.canParse(given) ? new URL(given) : undefined;
  const isFit = url && (isEncrypted(url) || isLoopback(url)) && !url.username && !url.password && !url.search && !url.hash;
  if (!isFit) problems.push(`${name}: is not an https address, such as ${usual}`);
  return given;
}

function linkOf(name: string, env: Env, problems: string[]): string | undefined {
  const given = env[name];
  if (!given) return undefined;
  const url = URL.canParse(given) ? new URL(given) : undefined;
  const isFit = url && /^https?:$/.test(url.protocol) && !url.username && !url.password && !/[\s<>"'|\\\p{C}]/u.test(given);
  if (!isFit) problems.push(`${name}: is not the address of a page, such as https://gatehouse.example.com`);
  return given;
}

function mustStandWith(name: string, value: string | undefined, others: readonly string[], env: Env, problems: string[]): void {
  const set = others.filter((other) => env[other]);
  if (value === undefined && set.length > 0 && !problems.some((problem) => problem.startsWith(name)))
    problems.push(`${name}: is not set, though ${set.join(' and ')} is`);
}
