import { PLACES, readDataDir, type Env } from '../../platform/config.js';
import { readConnection } from '../../platform/connection-file.js';
import { readNotifyConfig, type NotifyConfig } from '../../platform/notify-config.js';
import { withSinks } from '../../platform/sinks.js';

/**
 * The channels as the worker beside this command line has them: by the environment, and what it does not say by the sinks of the
 * embedded stack that runs on the data directory. Throws a `ConfigError` with every problem found.
 */
export function channelsHere(env: Env = process.env): NotifyConfig {
  const isElsewhere = PLACES.some((name) => env[name]);
  const stack = isElsewhere ? undefined : readConnection(readDataDir(env));
  return readNotifyConfig(stack ? { ...withSinks(env, stack.sinks), GATEHOUSE_TEMPORAL_UI_URL: stack.temporal.uiUrl } : env);
}
