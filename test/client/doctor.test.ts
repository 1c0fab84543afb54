import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { execFile } from 'node:child_process';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { nodeCheck } from '../../client/doctor/here.js';
import { keysCheck, storeCheck } from '../../platform/doctor/files.js';
import type { Check } from '../../platform/doctor/check.js';
import { entry } from '../../platform/entry.js';
import { generateKey, keyPath, writeKey } from '../../platform/keys.js';
import type { Ran } from '../support/stack.js';

let dir: string;
beforeAll(() => {
  dir = mkdtempSync(join(tmpdir(), 'gatehouse-doctor-'));
});
afterAll(() => rmSync(dir, { recursive: true, force: true }));

function doctor(env: NodeJS.ProcessEnv, ...words: string[]): Promise<Ran> {
  const { command, args } = entry('cli');
  const own = { PATH: process.env['PATH'], GATEHOUSE_DATA_DIR: join(dir, 'none'), TEMPORAL_CONFIG_FILE: '', ...env };
  return new Promise((done) => {
    execFile(command, [...args, 'doctor', ...words], { env: own, cwd: dir }, (error, stdout, stderr) => {
      done({ code: error ? Number(error.code) : 0, stdout, stderr });
    });
  });
}

const checksOf = ({ stdout }: Ran): Check[] => (JSON.parse(stdout) as { checks: Check[] }).checks;

describe('doctor', () => {
  it('works where nothing runs and nothing is configured', async () => {
    const ran = await doctor({});
    expect(ran.code).toBe(6);
    expect(ran.stdout).toMatch(/configuration +wrong .*gatehouse up/);
    expect(ran.stdout).toMatch(/node +ok/);
    expect(ran.stderr.trimEnd().split('\n')).toEqual([expect.stringMatching(/^6: wrong: configuration; next: /)]);
  });

  it('names what is away with its address, never a password or a stack trace, and what it could not look at', async () => {
    const env = { GATEHOUSE_READ_URL: 'postgres://reader:secret@127.0.0.1:1/gatehouse', TEMPORAL_ADDRESS: '127.0.0.1:1' };
    const ran = await doctor(env, '--json');
    expect(ran.code).toBe(6);
    expect(ran.stdout + ran.stderr).not.toMatch(/secret|\n\s+at /);
    const checks = checksOf(ran);
    for (const id of ['postgres', 'temporal']) {
      const found = expect.stringContaining('127.0.0.1:1') as string;
      expect(checks.find((each) => each.id === id)).toMatchObject({ ok: false, found, next: expect.any(String) as string });
    }
    for (const id of ['schema', 'search-attributes', 'pollers', 'clock']) {
      expect(checks.find((each) => each.id === id)).toMatchObject({ ok: null });
    }
  });

  it('reports every variable that cannot be used', async () => {
    const [first] = checksOf(await doctor({ GATEHOUSE_READ_URL: 'mysql://x', TEMPORAL_ADDRESS: 'http://x' }, '--json'));
    expect(first).toMatchObject({ id: 'configuration', ok: false });
    expect(first?.found).toMatch(/GATEHOUSE_READ_URL: .*; TEMPORAL_ADDRESS: /);
  });
});

it('says which channels are configured, and which variable of theirs is wrong', async () => {
  const channels = async (env: NodeJS.ProcessEnv) => checksOf(await doctor(env, '--json')).find(({ id }) => id === 'channels');
  expect(await channels({ GATEHOUSE_SLACK_TOKEN: 'canary' })).toMatchObject({
    ok: true,
    found: 'slack, no email (GATEHOUSE_SMTP_URL), no pagerduty (GATEHOUSE_PAGERDUTY_KEY)',
  });
  const wrong = await channels({ GATEHOUSE_SLACK_CHANNEL: '#a' });
  expect(wrong).toMatchObject({ ok: false, found: expect.stringMatching(/^GATEHOUSE_SLACK_TOKEN: is not set/) as string });
});

describe('what doctor looks at on this machine', () => {
  it.each([
    ['20.3.0', true],
    ['20.2.9', false],
    ['18.19.0', false],
    ['22.0.0', true],
  ])('Node %s', (version, ok) => {
    expect(nodeCheck(version).ok).toBe(ok);
  });

  it('a store that is not there, or is none', () => {
    expect(storeCheck(dir).ok).toBe(true);
    expect(storeCheck(join(dir, 'nowhere'))).toMatchObject({ ok: false, found: expect.stringMatching(/^there is no/) as string });
    writeFileSync(join(dir, 'file'), '');
    expect(storeCheck(join(dir, 'file'))).toMatchObject({ ok: false, found: expect.stringMatching(/is no directory/) as string });
  });

  it('keys that others can read, or that are none', async () => {
    const keys = join(dir, 'keys');
    expect(await keysCheck({ keys })).toMatchObject({ ok: true, found: expect.stringMatching(/^none in/) as string });
    mkdirSync(keys);
    const path = keyPath(keys, 'a@b.example');
    await writeKey(path, await generateKey());
    expect(await keysCheck({ keys })).toMatchObject({ ok: true, found: `1 in ${keys}` });
    chmodSync(path, 0o644);
    expect(await keysCheck({ keys })).toMatchObject({ ok: false, next: `chmod 600 ${path}` });
    expect(await keysCheck({ keys, keyFile: join(dir, 'gone') })).toMatchObject({ ok: false });
  });
});
