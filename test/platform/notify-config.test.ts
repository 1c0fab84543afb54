import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ConfigError, readWorkerConfig, type Env } from '../../platform/config.js';
import { readNotifyConfig } from '../../platform/notify-config.js';
import { withSinks } from '../../platform/sinks.js';

const SECRET = 'xoxb-canary';
let dir: string;
let file: string;
beforeAll(() => {
  dir = mkdtempSync(join(tmpdir(), 'gatehouse-notify-'));
  file = join(dir, 'secret');
  writeFileSync(file, `${SECRET}\n`, { mode: 0o600 });
});
afterAll(() => rmSync(dir, { recursive: true }));

function problemsOf(env: Env): readonly string[] {
  try {
    readNotifyConfig(env);
    return [];
  } catch (error) {
    expect(error).toBeInstanceOf(ConfigError);
    return (error as ConfigError).problems;
  }
}

it('nothing said is no channel, and Slack and PagerDuty are their own where no other address is said', () => {
  expect(readNotifyConfig({})).toEqual({ channels: {} });
  expect(readNotifyConfig({ GATEHOUSE_SLACK_TOKEN: SECRET, GATEHOUSE_PAGERDUTY_KEY: SECRET }).channels).toEqual({
    slack: { token: SECRET, channel: null, url: 'https://slack.com/api/' },
    pagerduty: { key: SECRET, url: 'https://events.pagerduty.com' },
  });
});

it('secrets come from files as well, their first line', () => {
  const { channels } = readNotifyConfig({ GATEHOUSE_SLACK_TOKEN_FILE: file, GATEHOUSE_PAGERDUTY_KEY_FILE: file });
  expect([channels.slack?.token, channels.pagerduty?.key]).toEqual([SECRET, SECRET]);
});

describe('what is wrong is said at once, each with its variable and none with a secret', () => {
  it.each<[Env, readonly RegExp[]]>([
    [{ GATEHOUSE_SLACK_CHANNEL: '#a' }, [/^GATEHOUSE_SLACK_TOKEN: is not set, though GATEHOUSE_SLACK_CHANNEL is/]],
    [{ GATEHOUSE_PAGERDUTY_URL: 'https://pd.example' }, [/^GATEHOUSE_PAGERDUTY_KEY: is not set, though/]],
    [{ GATEHOUSE_MAIL_FROM: 'a@example.org' }, [/^GATEHOUSE_SMTP_URL: is not set/]],
    [{ GATEHOUSE_SLACK_TOKEN: `${SECRET} x` }, [/^GATEHOUSE_SLACK_TOKEN: is not one line/]],
    [{ GATEHOUSE_PAGERDUTY_KEY_FILE: '/nowhere/at/all' }, [/^GATEHOUSE_PAGERDUTY_KEY_FILE: cannot be read \(ENOENT\)/]],
    [
      { GATEHOUSE_SLACK_TOKEN: SECRET, GATEHOUSE_SLACK_URL: 'http://slack.example/api/', GATEHOUSE_SLACK_CHANNEL: 'a b' },
      [/^GATEHOUSE_SLACK_URL: is not an https address/, /^GATEHOUSE_SLACK_CHANNEL: is no channel/],
    ],
    [
      { GATEHOUSE_TEMPORAL_UI_URL: 'javascript:alert(1)', GATEHOUSE_EVIDENCE_URL: 'https://e.example/"{model}' },
      [/^GATEHOUSE_TEMPORAL_UI_URL: is not the address of a page/, /^GATEHOUSE_EVIDENCE_URL: /],
    ],
  ])('%j', (env, expected) => {
    const problems = problemsOf(env);
    expect(problems).toHaveLength(expected.length);
    for (const [i, problem] of [...problems].sort().entries()) expect(problem).toMatch([...expected].sort(byText)[i] ?? /^$/);
    expect(problems.join()).not.toContain(SECRET);
  });

  it('a secret that is set twice', () => {
    expect(problemsOf({ GATEHOUSE_SLACK_TOKEN: SECRET, GATEHOUSE_SLACK_TOKEN_FILE: file })).toEqual([
      'GATEHOUSE_SLACK_TOKEN: is set, and so is GATEHOUSE_SLACK_TOKEN_FILE; unset one of them',
    ]);
  });

  it('together with everything else that is wrong with a worker', () => {
    expect(() => readWorkerConfig({ GATEHOUSE_SLACK_CHANNEL: '#a', TEMPORAL_CONFIG_FILE: '' })).toThrow(
      /DATABASE_URL: .*[^]*GATEHOUSE_STORE: [^]*GATEHOUSE_SLACK_TOKEN: /,
    );
  });
});

describe('the sinks of the embedded stack', () => {
  const sinks = { smtpUrl: 'smtp://127.0.0.1:1', slackUrl: 'http://127.0.0.1:2/api/', pagerdutyUrl: 'http://127.0.0.1:3' };

  it('take what nobody has set another way for', () => {
    const { channels } = readNotifyConfig(withSinks({}, sinks));
    expect([channels.email?.port, channels.slack?.url, channels.pagerduty?.url]).toEqual([1, sinks.slackUrl, sinks.pagerdutyUrl]);
    expect(channels.slack?.channel).not.toBeNull();
  });

  it('and nothing else, also where a secret is in a file', () => {
    const own = {
      GATEHOUSE_SLACK_TOKEN_FILE: file,
      GATEHOUSE_SMTP_URL: 'smtps://mail.example',
      GATEHOUSE_MAIL_FROM: 'a@example.org',
    };
    const { channels } = readNotifyConfig(withSinks(own, sinks));
    expect([channels.slack?.url, channels.email?.host, channels.pagerduty?.url]).toEqual([
      'https://slack.com/api/',
      'mail.example',
      sinks.pagerdutyUrl,
    ]);
  });
});

function byText(one: RegExp, other: RegExp): number {
  return one.source < other.source ? -1 : 1;
}
