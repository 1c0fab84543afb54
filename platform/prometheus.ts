import { secretOf } from './secret.js';
import type { Refusal } from '../domain/refusal.js';

type Env = Readonly<Record<string, string | undefined>>;

/** The Prometheus that policies may name as the source of figures. */
export interface PrometheusConfig {
  /** Without a login and without a slash at its end. */
  readonly url: string;
  /** Shown to nobody else. */
  readonly token?: string;
}

const URL_NAME = 'GATEHOUSE_PROMETHEUS_URL';
const TOKEN = 'GATEHOUSE_PROMETHEUS_TOKEN';
const TOKEN_FILE = 'GATEHOUSE_PROMETHEUS_TOKEN_FILE';

/** The Prometheus that the environment names, or undefined; what is wrong is added to `problems`, without address or token. */
export function prometheusOf(env: Env, problems: string[]): PrometheusConfig | undefined {
  const text = env[URL_NAME];
  const tokens = [TOKEN, TOKEN_FILE].filter((name) => env[name]);
  if (!text) {
    if (tokens.length > 0) problems.push(`${URL_NAME}: is not set, though ${tokens.join(' and ')} is`);
    return undefined;
  }
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (!url || url.username || url.password || url.search || url.hash) {
    problems.push(
      `${URL_NAME}: is not an address without a login in it, such as https://prometheus.example.com; for one there is ${TOKEN}`,
    );
    return undefined;
  }
  const token = secretOf(TOKEN, env, problems);
  if (token !== undefined && url.protocol === 'http:' && !isThisMachine(url))
    problems.push(`${URL_NAME}: is not https, and the token would go to another machine unencrypted`);
  return { url: url.href.replace(/\/+$/, ''), ...(token !== undefined && { token }) };
}

/** Why an address is none that figures may come from: they are read over HTTP, from another machine where it is production. */
export function prometheusRefused({ url }: PrometheusConfig, environment: string): Refusal | undefined {
  const parsed = new URL(url);
  const refused = (what: string): Refusal => ({
    kind: 'rule',
    what: `${URL_NAME}: ${what}`,
    next: 'name the http or https address of a Prometheus',
  });
  if (!/^https?:$/.test(parsed.protocol)) return refused('figures are read over http and https only');
  if (isLinkLocal(parsed)) return refused('a link-local address is no Prometheus');
  if (environment === 'production' && isThisMachine(parsed))
    return refused('in production, figures do not come from the machine of the worker itself');
  return undefined;
}

/** The parser of URLs has written numbers in other forms, and what maps IPv4 into IPv6, in one form. */
function isThisMachine({ hostname }: URL): boolean {
  return /^(127(\.\d+){3}|0\.0\.0\.0|(.+\.)?localhost\.?|\[::1?\]|\[::ffff:7f[0-9a-f]{2}:[0-9a-f]+\]|\[::ffff:0:0\])$/.test(
    hostname,
  );
}

function isLinkLocal({ hostname }: URL): boolean {
  return /^(169\.254(\.\d+){2}|\[fe[89ab][0-9a-f]:.*\]|\[::ffff:a9fe:[0-9a-f]+\])$/.test(hostname);
}
