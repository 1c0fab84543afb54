import { execFile } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { startSinks, type Sinks } from '../../dev/sinks/start-sinks.js';
import { makeDataDir } from '../../platform/connection-file.js';
import { entry } from '../../platform/entry.js';
import { withSinks, type SinkPlaces } from '../../platform/sinks.js';
import type { Ran } from '../support/stack.js';

interface Answer {
  readonly messages: readonly {
    readonly channel: string;
    readonly severity: string;
    readonly outcome: string;
    readonly detail: string;
  }[];
  readonly notConfigured: readonly string[];
  readonly error?: { readonly code: number };
}

let dir: string;
let sinks: SinkPlaces;
let started: Sinks;
beforeAll(async () => {
  dir = mkdtempSync(join(tmpdir(), 'gatehouse-notify-test-'));
  started = await startSinks(makeDataDir(dir));
  sinks = started.places;
});
afterAll(async () => {
  await started.close();
  rmSync(dir, { recursive: true });
});

function notifyTest(env: NodeJS.ProcessEnv, ...words: string[]): Promise<Ran> {
  const { command, args } = entry('cli');
  const own = { PATH: process.env['PATH'], GATEHOUSE_DATA_DIR: join(dir, 'none'), TEMPORAL_CONFIG_FILE: '', ...env };
  return new Promise((done) => {
    execFile(command, [...args, 'notify', 'test', ...words], { env: own, cwd: dir }, (error, stdout, stderr) => {
      done({ code: error ? Number(error.code) : 0, stdout, stderr });
    });
  });
}

const kept = (path: string) =>
  readFileSync(path, 'utf8')
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as Record<string, unknown>);

it('sends a message of each severity over each channel, and closes the alerts that it opened', async () => {
  const ran = await notifyTest(withSinks({}, { ...sinks }), '--to', 'you@example.org', '--json');
  expect(ran).toMatchObject({ code: 0, stderr: '' });
  const { messages, notConfigured } = JSON.parse(ran.stdout) as Answer;
  expect(notConfigured).toEqual([]);
  expect(messages.map(({ channel, severity, outcome }) => `${channel} ${severity} ${outcome}`).sort()).toEqual(
    ['email', 'pagerduty', 'slack'].flatMap((channel) =>
      ['critical', 'info', 'warning'].map((each) => `${channel} ${each} sent`),
    ),
  );
  expect(kept(sinks.mail).map(({ to, subject }) => [to, subject])).toEqual(
    ['info', 'warning', 'critical'].map((each) => [['you@example.org'], `[${each}] Test: a message of severity ${each}`]),
  );
  expect(kept(sinks.slack)).toHaveLength(3);
  const actions = kept(sinks.pagerduty).map(({ event_action: action }) => action);
  expect(actions).toEqual(['trigger', 'resolve', 'trigger', 'resolve', 'trigger', 'resolve']);
});

it('says which did not arrive and why, without the secret, and ends with 6', async () => {
  const env = { GATEHOUSE_PAGERDUTY_KEY: 'canary-of-a-key', GATEHOUSE_PAGERDUTY_URL: 'http://127.0.0.1:1' };
  const ran = await notifyTest({ ...env, GATEHOUSE_SLACK_TOKEN: 'canary-of-a-token', GATEHOUSE_SLACK_URL: sinks.slackUrl });
  expect(ran.code).toBe(6);
  expect(ran.stdout).toMatch(/pagerduty +critical +failed +127\.0\.0\.1:1 +PagerDuty does not answer/);
  // No policy and no variable names a channel of Slack's.
  expect(ran.stdout).toMatch(/slack +info +failed .*GATEHOUSE_SLACK_CHANNEL/);
  expect(ran.stdout).toMatch(/email +- +not configured/);
  expect(ran.stderr).toMatch(/^6: not every message was sent over pagerduty, slack; next: .*\n$/);
  expect(ran.stdout + ran.stderr).not.toContain('canary');
});

it('ends with 2 where no channel is configured, where one is wrong, and where the address is none', async () => {
  const none = await notifyTest({}, '--json');
  expect(none.code).toBe(2);
  expect(JSON.parse(none.stdout)).toMatchObject({ messages: [], notConfigured: ['slack', 'email', 'pagerduty'] });
  expect(await notifyTest({ GATEHOUSE_SLACK_CHANNEL: '#a' })).toMatchObject({ code: 2, stdout: '' });
  expect(await notifyTest({}, '--to', 'you')).toMatchObject({ code: 2, stdout: '' });
});
