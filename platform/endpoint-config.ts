import { dataDirPaths, type DataDirPaths } from './connection-file.js';
import { ConfigError, readDataDir, type Env } from './config.js';

/** Everything the demo serving endpoint is told from outside. */
export interface EndpointConfig {
  /** The data directory of the stack it belongs to. */
  readonly paths: DataDirPaths;
  /** The login that writes predictions and labels down. */
  readonly databaseUrl: string;
  readonly port: number;
}

/** The demo serving endpoint's configuration, from the environment alone; throws one `ConfigError` with every problem found. */
export function readEndpointConfig(env: Env = process.env): EndpointConfig {
  const problems: string[] = [];
  const { DATABASE_URL: databaseUrl = '', GATEHOUSE_ENDPOINT_PORT: port = '' } = env;
  if (!/^postgres(ql)?:\/\//.test(databaseUrl)) problems.push('DATABASE_URL: is not a PostgreSQL URL; gatehouse up sets it');
  if (!/^\d{1,5}$/.test(port)) problems.push('GATEHOUSE_ENDPOINT_PORT: is not a port; gatehouse up sets it');
  if (problems.length > 0) throw new ConfigError(problems);
  return { paths: dataDirPaths(readDataDir(env)), databaseUrl, port: Number(port) };
}
