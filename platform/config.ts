import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { homedir } from 'node:os';
import { delimiter, dirname, join, resolve } from 'node:path';
import type * as EnvConfig from '@temporalio/envconfig';
import { ConfigError } from './config-error.js';
import { grafanaOf, type GrafanaConfig } from './grafana.js';
import { identityProviderOf, type IdentityProviderConfig } from './identity-provider.js';
import { dataDirPaths, readConnection, readOwnerFile } from './connection-file.js';
import type { MailServer } from './mail-server.js';
import { mailServerFrom, notifyConfigOf, type NotifyConfig } from './notify-config.js';
import { prometheusOf, type PrometheusConfig } from './prometheus.js';
import { workOf, type WorkKind } from './work-kinds.js';

export { ConfigError } from './config-error.js';
export type { WorkKind } from './work-kinds.js';

/** The variables a process is started with. */
export type Env = Readonly<Record<string, string | undefined>>;

/** How to reach Temporal, in the form that both the client's and the worker's `connect` take. */
export interface TemporalConfig {
  readonly namespace: string;
  readonly connectionOptions: EnvConfig.ClientConnectConfig['connectionOptions'] & { readonly address: string };
  /** The web UI, where it is known. */
  readonly uiUrl?: string;
  /** The module whose `payloadCodecs` stand between Gatehouse and Temporal. */
  readonly payloadCodec?: string;
}

/** The logins that not every verb needs: a verb gets those it names, or an error that says which is missing. */
export type Need = 'readUrl' | 'ownerUrl';

/** Everything the command line is told from outside. */
export type ClientConfig<N extends Need = 'readUrl'> = { readonly [K in N]: string } & {
  readonly dataDir: string;
  readonly temporal: TemporalConfig;
  readonly store: string;
  /** The directory of the demo people's key files. */
  readonly keys: string;
  /** The one key file to sign with instead of a demo person's. */
  readonly keyFile?: string;
  /** The file that holds the passphrase of the key file. */
  readonly passphraseFile?: string;
  /** Where people sign in who have no key of their own. */
  readonly identityProvider?: IdentityProviderConfig;
};

/** Everything a worker is told from outside. */
export interface WorkerConfig {
  readonly databaseUrl: string;
  readonly temporal: TemporalConfig;
  readonly store: string;
  /** The directory of the pointer files that a serving system reads; `serving` beside the store unless named. */
  readonly serving: string;
  /** The file that notices are written to; `notices.jsonl` beside the store unless named. */
  readonly notices: string;
  readonly notify: NotifyConfig;
  /** What the worker does: one kind, or all. */
  readonly work: readonly WorkKind[];
  /** The identity provider whose logins count; none where only keys do. */
  readonly identityProvider?: IdentityProviderConfig;
  readonly prometheus?: PrometheusConfig;
  /** Where production changes are drawn; none where nobody has said. */
  readonly grafana?: GrafanaConfig;
}

/** What a hold is signed and kept with; nothing of it is asked of a server, because it has to work without any. */
export interface HoldConfig {
  /** The serving directory, and whether it was named or may be made. */
  readonly serving: string;
  readonly mayMakeServing: boolean;
  readonly keys: string;
  readonly keyFile?: string;
  readonly passphraseFile?: string;
  /** The file of people: the one that was named, or the data directory's copy, which may be replaced by a newer one. */
  readonly trust: string;
  readonly isTrustNamed: boolean;
}

/** Everything the embedded stack is told from outside, besides its data directory. */
export interface StackConfig {
  readonly temporalCliPath?: string;
  /** The folders programs are looked for in. */
  readonly path: readonly string[];
  /** Where downloads are kept, for all data directories. */
  readonly cacheDir: string;
}

const LOGINS = { readUrl: 'GATEHOUSE_READ_URL', ownerUrl: 'GATEHOUSE_OWNER_URL' } as const satisfies Record<Need, string>;
/** The variables that name a record or a Temporal; where none is set, the stack of the data directory counts. */
export const PLACES = [
  LOGINS.readUrl,
  'TEMPORAL_ADDRESS',
  'TEMPORAL_NAMESPACE',
  'TEMPORAL_PROFILE',
  'TEMPORAL_CONFIG_FILE',
  'TEMPORAL_API_KEY',
];

/** The data directory: `GATEHOUSE_DATA_DIR`, else `.gatehouse` below the working directory; absolute. */
export function readDataDir(env: Env = process.env): string {
  return resolve(env['GATEHOUSE_DATA_DIR'] || '.gatehouse');
}

/**
 * The command line's configuration: what the environment names, or, where it names neither record nor Temporal,
 * the embedded stack of the data directory. Throws one `ConfigError` with every problem found.
 */
export function readConfig<N extends Need = 'readUrl'>(
  env: Env = process.env,
  needs: readonly N[] = ['readUrl' as N],
): ClientConfig<N> {
  const problems: string[] = [];
  const dataDir = readDataDir(env);
  const named = PLACES.filter((name) => env[name]);
  const stack = named.length > 0 ? undefined : attempt('GATEHOUSE_DATA_DIR', problems, () => readConnection(dataDir));
  const owner = named.length > 0 ? undefined : attempt('GATEHOUSE_DATA_DIR', problems, () => readOwnerFile(dataDir));
  const logins: { [K in Need]?: string } = {};
  const elsewhere = named.length > 0 || needs.some((need) => env[LOGINS[need]]);
  const nowhere = !elsewhere && !stack && problems.length === 0;
  if (nowhere) {
    problems.push(
      `GATEHOUSE_DATA_DIR: no stack runs in ${dataDir}; start one with "npx gatehouse up", or set ${LOGINS.readUrl} and TEMPORAL_ADDRESS`,
    );
  }
  for (const need of needs) {
    const url = databaseUrlOf(LOGINS[need], env, { ...stack, ...owner }[need], problems);
    if (url) logins[need] = url;
    else if (!nowhere && !env[LOGINS[need]]) {
      problems.push(`${LOGINS[need]}: is not set${named.length > 0 ? `, though ${named.join(', ')} is` : ''}`);
    }
  }
  const keyFile = env['GATEHOUSE_KEY'] ? resolve(env['GATEHOUSE_KEY']) : undefined;
  const temporal: TemporalConfig = stack
    ? {
        namespace: stack.temporal.namespace,
        connectionOptions: { address: stack.temporal.address },
        uiUrl: stack.temporal.uiUrl,
        ...codecOf(env),
      }
    : temporalOf(env, problems);
  const identityProvider = identityProviderOf(env, problems);
  if (problems.length > 0) throw new ConfigError(problems);
  const paths = dataDirPaths(dataDir);
  const config = {
    ...logins,
    dataDir,
    temporal,
    store: env['GATEHOUSE_STORE'] ? resolve(env['GATEHOUSE_STORE']) : (stack?.store ?? paths.store),
    keys: stack?.keys ?? paths.keys,
    ...(keyFile && { keyFile }),
    ...passphraseOf(env),
    ...(identityProvider && { identityProvider }),
  };
  return config as unknown as ClientConfig<N>;
}

/** Where a hold is signed and kept, with or without a stack that runs. */
export function readHoldConfig(env: Env = process.env): HoldConfig {
  const paths = dataDirPaths(readDataDir(env));
  const { GATEHOUSE_SERVING: serving, GATEHOUSE_STORE: store, GATEHOUSE_TRUST: trust, GATEHOUSE_KEY: keyFile } = env;
  return {
    serving: serving ? resolve(serving) : store ? join(dirname(resolve(store)), 'serving') : paths.serving,
    mayMakeServing: Boolean(serving) || (!store && existsSync(paths.root)),
    keys: paths.keys,
    ...(keyFile && { keyFile: resolve(keyFile) }),
    ...passphraseOf(env),
    trust: trust ? resolve(trust) : paths.trust,
    isTrustNamed: Boolean(trust),
  };
}

/** Where keys are kept, for who makes one and needs neither record nor Temporal. */
export function readKeysConfig(env: Env = process.env): Pick<ClientConfig, 'keys' | 'passphraseFile'> {
  const dataDir = readDataDir(env);
  const isElsewhere = PLACES.some((name) => env[name]);
  const stack = isElsewhere ? undefined : readConnection(dataDir);
  return { keys: stack?.keys ?? dataDirPaths(dataDir).keys, ...passphraseOf(env) };
}

function passphraseOf(env: Env): { readonly passphraseFile?: string } {
  const file = env['GATEHOUSE_PASSPHRASE_FILE'];
  return file ? { passphraseFile: resolve(file) } : {};
}

/** The worker's configuration, from the environment alone; throws one `ConfigError` with every problem found. */
export function readWorkerConfig(env: Env = process.env): WorkerConfig {
  const problems: string[] = [];
  const databaseUrl = databaseUrlOf('DATABASE_URL', env, undefined, problems);
  if (!env['DATABASE_URL']) {
    problems.push('DATABASE_URL: is not set; it names the record, as postgres://user:password@host:port/name');
  }
  const store = env['GATEHOUSE_STORE'];
  const work = workOf(env['GATEHOUSE_WORK'], problems);
  const isWatchdog = work.every((kind) => kind === 'watchdog');
  if (!store && !isWatchdog) problems.push('GATEHOUSE_STORE: is not set; it names the store that command line and workers share');
  const temporal = temporalOf(env, problems);
  const notify = notifyConfigOf(env, problems);
  const identityProvider = identityProviderOf(env, problems);
  const prometheus = prometheusOf(env, problems);
  const grafana = grafanaOf(env, problems);
  if (problems.length > 0) throw new ConfigError(problems);
  // A watchdog has no store; what it notices lies where it runs.
  const besideStore = (name: string) => join(dirname(resolve(store || 'store')), name);
  return {
    databaseUrl: databaseUrl ?? '',
    temporal,
    store: resolve(store ?? ''),
    serving: resolve(env['GATEHOUSE_SERVING'] || besideStore('serving')),
    notices: resolve(env['GATEHOUSE_NOTICES'] || besideStore('notices.jsonl')),
    notify,
    work,
    ...(identityProvider && { identityProvider }),
    ...(prometheus && { prometheus }),
    ...(grafana && { grafana }),
  };
}

/** The embedded stack's configuration; nothing in it is required. */
export function readStackConfig(env: Env = process.env): StackConfig {
  return {
    ...(env['TEMPORAL_CLI_PATH'] && { temporalCliPath: resolve(env['TEMPORAL_CLI_PATH']) }),
    path: (env['PATH'] ?? '').split(delimiter).filter(Boolean),
    cacheDir: join(env['XDG_CACHE_HOME'] || join(homedir(), '.cache'), 'gatehouse'),
  };
}

/** The mail server, from the environment alone; throws one `ConfigError` with every problem found. */
export function readMailConfig(env: Env = process.env): MailServer {
  const problems: string[] = [];
  const server = mailServerFrom(env, problems);
  if (!server) throw new ConfigError(problems);
  return server;
}

/** The environment for a process of the embedded stack: this process's own, without what names another record or Temporal. */
export function stackEnvironment(own: Env, env: Env = process.env): NodeJS.ProcessEnv {
  const foreign =
    /^(TEMPORAL_|PG[A-Z]+$|DATABASE_URL$|GATEHOUSE_(READ_URL|OWNER_URL|STORE|SERVING|NOTICES|DATA_DIR|KEY|PASSPHRASE_FILE|TRUST)$)/;
  const kept = Object.entries(env).filter(([name]) => !foreign.test(name));
  // An empty name means no file: a profile of this machine's user must not lead the stack to another Temporal.
  return { ...Object.fromEntries(kept), TEMPORAL_CONFIG_FILE: '', ...own };
}

function temporalOf(env: Env, problems: string[]): TemporalConfig {
  const file = env['TEMPORAL_CONFIG_FILE'];
  if (file && !existsSync(file)) problems.push(`TEMPORAL_CONFIG_FILE: there is no file ${file}`);
  const address = env['TEMPORAL_ADDRESS'];
  if (address && !/^[^\s/:]+:\d{1,5}$|^\[[0-9a-fA-F:]+\]:\d{1,5}$/.test(address)) {
    problems.push(`TEMPORAL_ADDRESS: ${address} is not host:port, such as localhost:7233`);
  }
  const loaded = attempt('TEMPORAL_PROFILE, TEMPORAL_CONFIG_FILE, TEMPORAL_TLS_*', problems, () => {
    const { loadClientConnectConfig } = createRequire(import.meta.url)('@temporalio/envconfig') as typeof EnvConfig;
    return loadClientConnectConfig({ overrideEnvVars: temporalVariables(env) });
  });
  const options = loaded?.connectionOptions;
  return {
    namespace: loaded?.namespace ?? 'default',
    connectionOptions: { ...options, address: options?.address ?? 'localhost:7233' },
    ...codecOf(env),
  };
}

/** The payload codec that the environment names. */
export function codecOf(env: Env = process.env): Pick<TemporalConfig, 'payloadCodec'> {
  return env['GATEHOUSE_PAYLOAD_CODEC'] ? { payloadCodec: resolve(env['GATEHOUSE_PAYLOAD_CODEC']) } : {};
}

/** An empty variable counts as unset, save where emptiness says something: no file, no header. */
function temporalVariables(env: Env): Record<string, string> {
  const says = (name: string): boolean => name === 'TEMPORAL_CONFIG_FILE' || name.startsWith('TEMPORAL_GRPC_META_');
  const kept = Object.entries(env).filter(([name, value]) => value !== undefined && (value !== '' || says(name)));
  return Object.fromEntries(kept) as Record<string, string>;
}

function databaseUrlOf(name: string, env: Env, otherwise: string | undefined, problems: string[]): string | undefined {
  const url = env[name];
  if (!url) return otherwise;
  const form = URL.canParse(url) ? new URL(url) : undefined;
  if (form && /^postgres(ql)?:$/.test(form.protocol)) return url;
  problems.push(`${name}: is not a PostgreSQL URL, such as postgres://user:password@host:5432/gatehouse`);
  return undefined;
}

function attempt<T>(name: string, problems: string[], read: () => T): T | undefined {
  try {
    return read();
  } catch (error) {
    problems.push(`${name}: ${(error as Error).message}`);
    return undefined;
  }
}
