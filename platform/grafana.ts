import { isEncrypted, isLoopback } from './identity-provider.js';
import { secretOf } from './secret.js';

type Env = Readonly<Record<string, string | undefined>>;

/** The Grafana in which production changes are marked. */
export interface GrafanaConfig {
  /** Without a login and without a slash at its end. */
  readonly url: string;
  /** A service account's token that may read and write annotations. */
  readonly token: string;
}

const URL_NAME = 'GATEHOUSE_GRAFANA_URL';
const TOKEN = 'GATEHOUSE_GRAFANA_TOKEN';

/** The Grafana that the environment names, or undefined; what is wrong joins `problems`, without address or token. */
export function grafanaOf(env: Env, problems: string[]): GrafanaConfig | undefined {
  const before = problems.length;
  const token = secretOf(TOKEN, env, problems);
  const text = env[URL_NAME];
  if (!text && token === undefined) return undefined;
  if (!text) problems.push(`${URL_NAME}: is not set, though ${TOKEN} is`);
  if (text && token === undefined && problems.length === before)
    problems.push(`${TOKEN}: is not set, though ${URL_NAME} is; ${TOKEN}_FILE may name a file with it`);
  const url = text && URL.canParse(text) ? new URL(text) : undefined;
  if (text && (!url || !/^https?:$/.test(url.protocol) || url.username || url.password || url.search || url.hash))
    problems.push(`${URL_NAME}: is not an address without a login in it, such as https://grafana.example.com`);
  else if (url && !isEncrypted(url) && !isLoopback(url))
    problems.push(`${URL_NAME}: is not https, and the token would go to another machine unencrypted`);
  return problems.length > before || !url || token === undefined ? undefined : { url: url.href.replace(/\/+$/, ''), token };
}
