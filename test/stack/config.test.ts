import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ConfigError, readConfig, readStackConfig, readWorkerConfig, stackEnvironment } from '../../platform/config.js';
import { removeConnection, writePrivateJson, type Connection } from '../../platform/connection-file.js';

let dir: string;
const READ = 'postgres://reader:secret@db:5432/gatehouse';

beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'gatehouse-config-'));
});
afterEach(() => rmSync(dir, { recursive: true }));

function connection(): Connection {
  return {
    environment: 'development',
    readUrl: 'postgres://r:p@127.0.0.1:54329/gatehouse',
    workerUrl: 'postgres://w:p@127.0.0.1:54329/gatehouse',
    temporal: { address: '127.0.0.1:7233', namespace: 'default', uiUrl: 'http://127.0.0.1:8233' },
    store: join(dir, 'store'),
    keys: join(dir, 'keys'),
    people: [],
    sinks: {},
    postgres: { dataDir: join(dir, 'postgres/data'), binDir: '/bin' },
  };
}

function stackRuns(): void {
  writePrivateJson(join(dir, 'connection.json'), connection());
  const ownerUrl = 'postgres://o:p@127.0.0.1:54329/gatehouse';
  writePrivateJson(join(dir, 'owner.json'), {
    ownerUrl,
    superuserUrl: ownerUrl,
    passwords: { superuser: 'p', owner: 'p', worker: 'p', reader: 'p', serving: '' },
  });
}

function problems(read: () => unknown): readonly string[] {
  try {
    read();
  } catch (error) {
    if (error instanceof ConfigError) return error.problems;
    throw error;
  }
  return [];
}

const variables = (found: readonly string[]): string[] => found.map((line) => line.split(':')[0] ?? '');

describe('what a worker does', () => {
  const env = { DATABASE_URL: READ, GATEHOUSE_STORE: '/store' };

  it('promotions, measurements and the watchdog, unless one of them is named', () => {
    expect(readWorkerConfig(env).work).toEqual(['promotions', 'evidence', 'watchdog']);
    expect(readWorkerConfig({ ...env, GATEHOUSE_WORK: '' }).work).toEqual(['promotions', 'evidence', 'watchdog']);
    expect(readWorkerConfig({ ...env, GATEHOUSE_WORK: 'evidence' }).work).toEqual(['evidence']);
  });

  it('nothing else', () => {
    expect(problems(() => readWorkerConfig({ ...env, GATEHOUSE_WORK: 'all' }))).toEqual([
      'GATEHOUSE_WORK: is none of promotions, evidence, watchdog; unset it for all',
    ]);
  });
});

describe('the command line', () => {
  it('uses the stack of the data directory where nothing else is named', () => {
    stackRuns();
    const config = readConfig({ GATEHOUSE_DATA_DIR: dir }, ['readUrl', 'ownerUrl']);
    expect(config).toMatchObject({
      readUrl: connection().readUrl,
      ownerUrl: 'postgres://o:p@127.0.0.1:54329/gatehouse',
      store: join(dir, 'store'),
      keys: join(dir, 'keys'),
      temporal: { namespace: 'default', connectionOptions: { address: '127.0.0.1:7233' }, uiUrl: 'http://127.0.0.1:8233' },
    });
  });

  it('says what to do where no stack runs and nothing is named', () => {
    const found = problems(() => readConfig({ GATEHOUSE_DATA_DIR: dir }));
    expect(found).toHaveLength(1);
    expect(found[0]).toMatch(/no stack runs in .*gatehouse up.*GATEHOUSE_READ_URL/);
  });

  it('never mixes a named record or Temporal with the embedded stack', () => {
    stackRuns();
    const env = { GATEHOUSE_DATA_DIR: dir, GATEHOUSE_READ_URL: READ, TEMPORAL_CONFIG_FILE: '' };
    expect(readConfig(env)).toMatchObject({ readUrl: READ, temporal: { connectionOptions: { address: 'localhost:7233' } } });
    const half = problems(() => readConfig({ GATEHOUSE_DATA_DIR: dir, TEMPORAL_ADDRESS: 'temporal:7233' }));
    expect(half).toEqual(['GATEHOUSE_READ_URL: is not set, though TEMPORAL_ADDRESS is']);
  });

  it('needs only what the verb names', () => {
    const env = { GATEHOUSE_DATA_DIR: dir, TEMPORAL_ADDRESS: 'temporal:7233', TEMPORAL_NAMESPACE: 'ml' };
    expect(readConfig(env, [])).toMatchObject({ temporal: { namespace: 'ml', connectionOptions: { address: 'temporal:7233' } } });
    expect(readConfig({ ...env, GATEHOUSE_OWNER_URL: READ }, ['ownerUrl']).ownerUrl).toBe(READ);
    expect(problems(() => readConfig(env, ['ownerUrl']))).toHaveLength(1);
  });

  it('reads the owner alone where only the owner is named and needed', () => {
    expect(readConfig({ GATEHOUSE_DATA_DIR: dir, GATEHOUSE_OWNER_URL: READ }, ['ownerUrl']).ownerUrl).toBe(READ);
  });

  it('reports every problem at once, each with its variable', () => {
    const found = problems(() =>
      readConfig(
        {
          GATEHOUSE_DATA_DIR: dir,
          GATEHOUSE_READ_URL: 'mysql://x',
          GATEHOUSE_OWNER_URL: 'no url',
          TEMPORAL_ADDRESS: 'http://temporal',
          TEMPORAL_PROFILE: 'absent',
          TEMPORAL_CONFIG_FILE: join(dir, 'none.toml'),
        },
        ['readUrl', 'ownerUrl'],
      ),
    );
    expect(variables(found)).toEqual([
      'GATEHOUSE_READ_URL',
      'GATEHOUSE_OWNER_URL',
      'TEMPORAL_CONFIG_FILE',
      'TEMPORAL_ADDRESS',
      'TEMPORAL_PROFILE, TEMPORAL_CONFIG_FILE, TEMPORAL_TLS_*',
    ]);
  });

  it('shows no password in a problem', () => {
    const found = problems(() => readConfig({ GATEHOUSE_DATA_DIR: dir, GATEHOUSE_READ_URL: 'mysql://u:hush@db/x' }));
    expect(found.join()).not.toContain('hush');
  });

  it('names a damaged connection file instead of failing on it later', () => {
    for (const text of ['{', '{}', 'null']) {
      writeFileSync(join(dir, 'connection.json'), text);
      expect(problems(() => readConfig({ GATEHOUSE_DATA_DIR: dir }))[0]).toMatch(
        /^GATEHOUSE_DATA_DIR: .*connection\.json is not/,
      );
    }
    removeConnection(dir);
    expect(problems(() => readConfig({ GATEHOUSE_DATA_DIR: dir }))[0]).toMatch(/no stack runs/);
  });
});

describe("Temporal's own variables", () => {
  const env = { GATEHOUSE_READ_URL: READ };

  it('come with a profile, TLS and an API key', () => {
    mkdirSync(join(dir, 'conf'));
    const file = join(dir, 'conf', 'temporal.toml');
    writeFileSync(file, '[profile.cloud]\naddress = "x.tmprl.cloud:7233"\nnamespace = "ns.acc"\napi_key = "k"\n');
    const { temporal } = readConfig({ ...env, TEMPORAL_CONFIG_FILE: file, TEMPORAL_PROFILE: 'cloud' });
    expect(temporal).toMatchObject({
      namespace: 'ns.acc',
      connectionOptions: { address: 'x.tmprl.cloud:7233', apiKey: 'k', tls: true },
    });
  });

  it('count as unset when they are empty', () => {
    const { temporal } = readConfig({ ...env, TEMPORAL_CONFIG_FILE: '', TEMPORAL_API_KEY: '', TEMPORAL_ADDRESS: '' });
    expect(temporal.connectionOptions).toMatchObject({ address: 'localhost:7233', tls: undefined, apiKey: undefined });
  });

  it('accept host:port and an IPv6 address, nothing else', () => {
    const reads = (address: string): readonly string[] =>
      problems(() => readConfig({ ...env, TEMPORAL_CONFIG_FILE: '', TEMPORAL_ADDRESS: address }));
    for (const good of ['temporal:7233', '10.0.0.1:7233', '[::1]:7233']) expect(reads(good)).toEqual([]);
    for (const bad of ['temporal', 'http://temporal:7233', 'a b:7', ':7233']) expect(reads(bad)).toHaveLength(1);
  });
});

describe('a worker', () => {
  it('is configured by the environment alone', () => {
    const env = {
      DATABASE_URL: READ,
      TEMPORAL_ADDRESS: 'temporal:7233',
      GATEHOUSE_STORE: join(dir, 's'),
      TEMPORAL_CONFIG_FILE: '',
    };
    expect(readWorkerConfig(env)).toMatchObject({
      databaseUrl: READ,
      store: join(dir, 's'),
      temporal: { namespace: 'default', connectionOptions: { address: 'temporal:7233' } },
    });
    expect(variables(problems(() => readWorkerConfig({ TEMPORAL_ADDRESS: 'x', TEMPORAL_CONFIG_FILE: '' })))).toEqual([
      'DATABASE_URL',
      'GATEHOUSE_STORE',
      'TEMPORAL_ADDRESS',
    ]);
  });
});

describe('the embedded stack', () => {
  it("keeps what names another record or Temporal from its processes, and the user's profile too", () => {
    const user = {
      PATH: '/bin',
      PGHOST: 'elsewhere',
      TEMPORAL_API_KEY: 'k',
      DATABASE_URL: 'x',
      GATEHOUSE_STORE: 'y',
      GATEHOUSE_MAIL: 'z',
    };
    expect(stackEnvironment({ TEMPORAL_ADDRESS: 'a:1' }, user)).toEqual({
      PATH: '/bin',
      GATEHOUSE_MAIL: 'z',
      TEMPORAL_CONFIG_FILE: '',
      TEMPORAL_ADDRESS: 'a:1',
    });
  });

  it('keeps downloads where the system keeps caches', () => {
    expect(readStackConfig({ XDG_CACHE_HOME: '/c', PATH: '/a:/b' })).toEqual({ path: ['/a', '/b'], cacheDir: '/c/gatehouse' });
  });
});
