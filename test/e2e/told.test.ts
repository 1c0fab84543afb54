import { existsSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { slackPeer } from '../../dev/sinks/slack-sink.js';
import { openPool } from '../../platform/pool.js';
import { startHttpPeer } from '../notify/http-peer.js';
import { PEOPLE } from '../support/promotion.js';
import { down, eventually, up, type RunningStack } from '../support/stack.js';

const SECRET = 'canary-of-a-token';

let stack: RunningStack;
let slack: Awaited<ReturnType<typeof startHttpPeer>>;
let slackFile = '';
beforeAll(async () => {
  slack = await startHttpPeer('hangs', {
    takes: (asked) => slackPeer(slackFile)(asked),
    refuses: { status: 200, body: { ok: false, error: 'channel_not_found' } },
  });
  stack = await up(undefined, {
    GATEHOUSE_SLACK_TOKEN: SECRET,
    GATEHOUSE_SLACK_URL: `${slack.url}/api/`,
    GATEHOUSE_SLACK_CHANNEL: '#a',
  });
  slackFile = join(stack.dir, 'slack-peer.jsonl');
});
afterAll(async () => {
  await down(stack);
  await slack.close();
});

const textOf = (path: string | undefined) => (path && existsSync(path) ? readFileSync(path, 'utf8') : '');
let key = '';

async function deliveries(): Promise<string[]> {
  const reader = openPool(stack.connection.readUrl, 'test');
  const { rows } = await reader.query<{ channel: string }>(
    `SELECT channel || ' ' || outcome AS channel FROM notice_delivery WHERE notice_key = $1 ORDER BY 1`,
    [key],
  );
  await reader.end();
  return rows.map(({ channel }) => channel);
}

it('a channel that never answers holds up no other', async () => {
  await stack.json(0, 'hold', '--reason', 'to be told of', '--approver', PEOPLE.mlops);
  const { mail, notices } = stack.connection.sinks;
  await eventually(() => Promise.resolve(textOf(mail).includes('serving is told to stop') && textOf(notices).includes('"hold/')));
  key = (JSON.parse(textOf(notices).split('\n')[0] ?? '') as { key: string }).key;
  await eventually(async () => (await deliveries()).length === 2);
  expect(await deliveries()).toEqual(['email sent', 'file sent']);
  expect(textOf(mail).trimEnd().split('\n')).toHaveLength(1);
  expect(statSync(mail ?? '').mode & 0o777).toBe(0o600);
});

it('has the message when it is back, once and under its key, at three events of history for all its tries', async () => {
  await eventually(async () => (await attempts()) > 1, 60_000);
  slack.become('takes');
  await eventually(async () => (await deliveries()).length === 3, 60_000);
  expect(await deliveries()).toEqual(['email sent', 'file sent', 'slack sent']);
  const arrived = textOf(slackFile).trimEnd().split('\n');
  expect(arrived).toHaveLength(1);
  expect(arrived[0]).toContain(JSON.stringify({ key, kind: 'hold', severity: 'info' }));
  await eventually(async () =>
    (await stack.temporal('workflow', 'describe', '-w', `notice/${key}`)).stdout.includes('COMPLETED'),
  );
  const { stdout } = await stack.temporal('workflow', 'show', '-w', `notice/${key}`, '-o', 'json');
  const { events } = JSON.parse(stdout) as { events: { eventType: string }[] };
  expect(events.filter(({ eventType }) => eventType.includes('_ACTIVITY_TASK_'))).toHaveLength(9);
  expect(stdout).not.toContain(SECRET);
});

it('no log has the token, and why it was tried again is in words of its own', () => {
  const log = textOf(join(stack.dir, 'logs', 'worker.log'));
  expect(log).toContain('Slack does not answer, or not as it should');
  for (const name of ['worker.log', 'stack.log']) expect(textOf(join(stack.dir, 'logs', name))).not.toContain(SECRET);
});

async function attempts(): Promise<number> {
  const { stdout } = await stack.temporal('workflow', 'describe', '-w', `notice/${key}`, '-o', 'json');
  const { pendingActivities = [] } = JSON.parse(stdout) as { pendingActivities?: { attempt?: number }[] };
  return Math.max(0, ...pendingActivities.map(({ attempt = 1 }) => attempt));
}
