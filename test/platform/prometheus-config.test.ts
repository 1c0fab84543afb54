import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { preflight } from '../../platform/preflight.js';
import { prometheusOf, prometheusRefused } from '../../platform/prometheus.js';
import { copyDatabase } from '../support/database.js';

const URL_NAME = 'GATEHOUSE_PROMETHEUS_URL';
const TOKEN = 'GATEHOUSE_PROMETHEUS_TOKEN';
const TOKEN_FILE = 'GATEHOUSE_PROMETHEUS_TOKEN_FILE';

let dir: string;
let file: string;
beforeAll(() => {
  dir = mkdtempSync(join(tmpdir(), 'gatehouse-token-'));
  file = join(dir, 'token');
  writeFileSync(file, 'from-a-file\nand more\n');
});
afterAll(() => rmSync(dir, { recursive: true }));

const read = (env: Record<string, string>) => {
  const problems: string[] = [];
  return { config: prometheusOf(env, problems), problems };
};

describe('the Prometheus that the environment names', () => {
  it('is none, or an address with the token of the environment or of a file', () => {
    expect(read({})).toEqual({ config: undefined, problems: [] });
    expect(read({ [URL_NAME]: 'http://prometheus:9090/' })).toEqual({ config: { url: 'http://prometheus:9090' }, problems: [] });
    const url = 'https://metrics.example.org/prometheus';
    expect(read({ [URL_NAME]: `${url}/`, [TOKEN]: 'secret' })).toEqual({ config: { url, token: 'secret' }, problems: [] });
    expect(read({ [URL_NAME]: url, [TOKEN_FILE]: file }).config).toEqual({ url, token: 'from-a-file' });
  });

  it.each<[string, Record<string, string>, string]>([
    ['a token alone', { [TOKEN]: 'secret' }, URL_NAME],
    ['no address', { [URL_NAME]: 'prometheus-secret' }, URL_NAME],
    ['a login in the address', { [URL_NAME]: 'https://me:secret@prometheus' }, URL_NAME],
    ['a query in the address', { [URL_NAME]: 'https://prometheus?token=secret' }, URL_NAME],
    ['a token over http', { [URL_NAME]: 'http://prometheus', [TOKEN]: 'secret' }, URL_NAME],
    ['two tokens', { [URL_NAME]: 'https://prometheus', [TOKEN]: 'secret', [TOKEN_FILE]: '/secret' }, TOKEN],
    ['a file that is not there', { [URL_NAME]: 'https://prometheus', [TOKEN_FILE]: '/nowhere/at-all' }, TOKEN_FILE],
    ['a token with a line break', { [URL_NAME]: 'https://prometheus', [TOKEN]: 'secret\r\nHost: x' }, TOKEN],
  ])('%s is a problem, and nothing of it is shown', (_, env, variable) => {
    const { problems } = read(env);
    expect(problems).toEqual([expect.stringMatching(new RegExp(`^${variable}: `))]);
    expect(problems.join()).not.toContain('secret');
  });
});

describe('where figures may come from (M9)', () => {
  it.each([
    'file:///etc/passwd',
    'ftp://prometheus/',
    'http://169.254.169.254',
    'http://2852039166/',
    'http://0xa9.254.43518/',
    'http://[fe80::1]',
    'http://[::ffff:169.254.169.254]/',
  ])('never from %s', (url) => {
    expect(prometheusRefused({ url }, 'development')).toMatchObject({ kind: 'rule' });
  });

  it.each([
    'localhost',
    'LOCALHOST.',
    'x.localhost',
    '127.0.0.1',
    '127.1',
    '[::1]',
    '[::ffff:127.0.0.1]',
    '0.0.0.0',
    '0',
    '[::]',
  ])('from %s, this machine, only where it is not production', (host) => {
    expect(prometheusRefused({ url: `http://${host}:9090` }, 'production')).toMatchObject({ kind: 'rule' });
    expect(prometheusRefused({ url: `http://${host}:9090` }, 'development')).toBeUndefined();
  });

  it.each([
    'https://prometheus.example.org',
    'http://10.0.0.9:9090',
    'http://169.253.0.1',
    'http://[fd00::1]',
    'http://localhost.example.org',
  ])('from %s also in production', (url) => expect(prometheusRefused({ url }, 'production')).toBeUndefined());

  it('no worker starts otherwise, and the refusal names the variable', async () => {
    const db = await copyDatabase();
    try {
      const here = { url: 'http://localhost:9090' };
      await preflight(db.workerUrl, here);
      await db.owner.query(`UPDATE installation SET environment = 'production'`);
      await expect(preflight(db.workerUrl, here)).rejects.toMatchObject({
        refusal: { kind: 'rule', what: expect.stringMatching(/^GATEHOUSE_PROMETHEUS_URL: in production/) as string },
      });
      await preflight(db.workerUrl);
    } finally {
      await db.close();
    }
  });
});
