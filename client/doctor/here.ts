import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { ConfigError, PLACES, readConfig, readDataDir, type ClientConfig, type Env } from '../../platform/config.js';
import { dataDirPaths, readConnection } from '../../platform/connection-file.js';
import { checked, type Check } from '../../platform/doctor/check.js';
import { packageRoot } from '../../platform/entry.js';

/** What this process was told, as far as it can be used. */
export interface Told {
  readonly check: Check;
  /** Undefined where the configuration cannot be used. */
  readonly config: ClientConfig | undefined;
  /** The worker's login, where it is known. */
  readonly workerUrl: string | undefined;
  readonly files: { readonly store: string; readonly keys: string; readonly keyFile?: string };
}

const WANTS = 'a running stack, or GATEHOUSE_READ_URL and TEMPORAL_ADDRESS';

/** Reads the configuration as every verb does, and says where it came from. */
export function configuration(env: Env = process.env): Told {
  const named = PLACES.filter((name) => env[name]);
  const paths = dataDirPaths(readDataDir(env));
  try {
    const config = readConfig(env);
    const found = named.length > 0 ? named.join(', ') : paths.connection;
    const workerUrl = env['DATABASE_URL'] || (named.length > 0 ? undefined : readConnection(config.dataDir)?.workerUrl);
    const check = checked('configuration', true, { found, wants: WANTS, next: null });
    return { check, config, workerUrl, files: config };
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    const found = error.problems.join('; ');
    const check = checked('configuration', false, { found, wants: WANTS, next: 'gatehouse up, or mend the variables' });
    const files = { store: env['GATEHOUSE_STORE'] || paths.store, keys: paths.keys };
    return { check, config: undefined, workerUrl: undefined, files };
  }
}

/** Whether Node is one that Gatehouse runs on. */
export function nodeCheck(version = process.versions.node): Check {
  const { engines } = JSON.parse(readFileSync(join(packageRoot(), 'package.json'), 'utf8')) as { engines: { node: string } };
  const [major = 0, minor = 0] = version.split('.').map(Number);
  const [leastMajor = 0, leastMinor = 0] = engines.node.replace(/^>=/, '').split('.').map(Number);
  const ok = major > leastMajor || (major === leastMajor && minor >= leastMinor);
  return checked('node', ok, { found: version, wants: engines.node, next: 'install a newer Node' });
}
