import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { ApplicationFailure } from '@temporalio/common';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { createActivities } from '../../activities/index.js';
import { Away, toFailure } from '../../activities/failures.js';
import { writeNotices } from '../../activities/notify/notices.js';
import type { Channel } from '../../activities/ports.js';
import type { Notice } from '../../domain/notice.js';
import { inTransaction } from '../../platform/pool.js';
import { startLost } from '../../workers/side-runs.js';
import { eventually, EXAMPLE, MODEL } from '../support/stack.js';
import { AT, first, makeWorld, type World } from '../support/world.js';
import { RETRY_AFTER_S } from './channel-contract.js';
import { fakeChannel } from './fake-channel.js';

let world: World;
let maria: string;
beforeAll(async () => {
  world = await makeWorld();
  maria = await first(world.db, 'mlops');
  expect(await world.register('1.4.0', maria)).toMatchObject({ accepted: true });
});
afterAll(() => world.close());

let [file, slack, email, pagerduty] = [fakeChannel('file'), fakeChannel('slack'), fakeChannel('email'), fakeChannel('pagerduty')];
const logged: string[] = [];
beforeEach(() => {
  [file, slack, email, pagerduty] = [fakeChannel('file'), fakeChannel('slack'), fakeChannel('email'), fakeChannel('pagerduty')];
  logged.length = 0;
});

function over(...channels: readonly { readonly channel: Channel }[]) {
  const log = (_level: string, message: string, fields?: object) => void logged.push(`${message} ${JSON.stringify(fields)}`);
  return createActivities({
    ...world.deps,
    log,
    channels: channels.map(({ channel }) => channel),
    places: { namespace: 'default', temporalUiUrl: 'http://127.0.0.1:8233' },
  });
}
const all = () => over(file, slack, email, pagerduty);

let written = 0;
async function write(notice: Partial<Notice> = {}): Promise<string> {
  written += 1;
  const key = `test/${written}`;
  const whole: Notice = {
    key,
    kind: 'incident',
    subject: MODEL,
    audience: ['on_call', 'devops'],
    title: 'a title',
    body: 'a body',
    ...notice,
  };
  return (await inTransaction(world.db.worker, (tx) => writeNotices(tx, [whole])))[0] ?? '';
}

async function deliveries(key: string): Promise<Record<string, string>> {
  const { rows } = await world.db.reader.query<{ channel: string; outcome: string }>(
    'SELECT channel, outcome FROM notice_delivery WHERE notice_key = $1 ORDER BY channel',
    [key],
  );
  return Object.fromEntries(rows.map(({ channel, outcome }) => [channel, outcome]));
}

async function failure(work: Promise<void>): Promise<ApplicationFailure> {
  const error: unknown = await work.then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  expect(error).toBeInstanceOf(ApplicationFailure);
  return error as ApplicationFailure;
}

describe('which channels a notice goes over', () => {
  it.each([
    ['critical', ['pagerduty', 'slack', 'email']],
    ['warning', ['slack', 'email']],
    ['info', ['slack']],
    [undefined, ['slack', 'email']],
  ] as const)('severity %s, as the policy says when it is written', async (severity, channels) => {
    const key = await write(severity ? { severity } : {});
    const { rows } = await world.db.reader.query('SELECT channels, severity, model FROM notice WHERE key = $1', [key]);
    expect(rows).toEqual([{ channels, severity: severity ?? null, model: MODEL }]);
  });

  it("as the model's own policy says, also of what nobody gave a severity", async () => {
    const own = readFileSync(join(EXAMPLE, 'policy.yaml'), 'utf8');
    const routing = 'routing: { critical: [email], addressed: [] }';
    const { digest } = await world.deps.store.putBytes(Buffer.from(`${own}\n${routing}\n`));
    expect(await world.act('policy', `alice.admin${AT}`, { file: digest, model: MODEL })).toMatchObject({ accepted: true });
    const keys = [await write({ severity: 'critical' }), await write(), await write({ subject: 'all models' })];
    const { rows } = await world.db.reader.query('SELECT channels FROM notice WHERE key = ANY ($1) ORDER BY at', [keys]);
    expect(rows).toEqual([{ channels: ['email'] }, { channels: [] }, { channels: ['slack', 'email'] }]);
    const { digest: before } = await world.deps.store.putBytes(Buffer.from(`${own}\n# again\n`));
    expect(await world.act('policy', `alice.admin${AT}`, { file: before, model: MODEL })).toMatchObject({ accepted: true });
  });

  it('over no other, whoever asks for it, and over each once', async () => {
    const key = await write({ severity: 'info' });
    for (const channel of ['slack', 'slack', 'pagerduty', 'email', 'elsewhere']) await all().deliverTo({ key, channel });
    expect(await deliveries(key)).toEqual({ slack: 'sent' });
    expect(slack.taken).toHaveLength(1);
    expect(pagerduty.taken).toEqual([]);
  });

  it('a notice of before there were channels goes into the file alone, also for a run of before', async () => {
    await world.db.worker.query(
      `INSERT INTO notice (key, kind, subject, audience, title, body, at) VALUES ('of/before', 'hold', 'all models', '{mlops}', 't', 'b', now())`,
    );
    await all().deliver({ key: 'of/before' });
    await all().deliverTo({ key: 'of/before', channel: 'slack' });
    expect(await deliveries('of/before')).toEqual({ file: 'sent' });
  });

  it('there is no such notice: never tried again', async () => {
    expect((await failure(all().deliverTo({ key: 'of/nobody', channel: 'slack' }))).nonRetryable).toBe(true);
  });
});

describe('what a channel is told', () => {
  it('whom it is for by the contacts and the people, and what it is about', async () => {
    const key = await write({ severity: 'critical', audience: ['devops', maria, 'ds-team'], version: '1.4.0', model: MODEL });
    await all().deliverTo({ key, channel: 'email' });
    expect(email.taken[0]).toMatchObject({
      key,
      severity: 'critical',
      to: { emails: ['devops@duetmind.ai', maria, 'ds-team@duetmind.ai'], slack: null, onCall: '+1-555-ML-ALERT' },
      facts: [
        { name: 'Model', value: MODEL },
        { name: 'Version', value: '1.4.0' },
        { name: 'When' },
        { name: 'On call', value: '+1-555-ML-ALERT' },
        { name: 'Evidence', value: `gatehouse check --model-name ${MODEL} --version 1.4.0 --out evidence.html` },
      ],
      links: [{ name: 'Watch in Temporal', url: expect.stringContaining('http://127.0.0.1:8233/namespaces/default/') as string }],
    });
  });

  it('a revoked person is nobody', async () => {
    const key = await write({ audience: ['security'] });
    await world.db.owner.query('UPDATE person SET revoked_at = gatehouse_now() WHERE email = $1', [`simon.security${AT}`]);
    await all().deliverTo({ key, channel: 'email' });
    expect(email.taken[0]?.to.emails).toEqual([`sara.security${AT}`]);
  });
});

describe('a channel that does not take it', () => {
  it.each([
    [0, 1_000],
    [999, 1_000],
    [3_600_000, 3_600_000],
    [86_400_000, 3_600_000],
  ])('that asks for %d ms is tried again after a second at least and an hour at most', (asked, delay) => {
    expect((toFailure(new Away('it does not answer', asked)) as ApplicationFailure).nextRetryDelay).toBe(delay);
  });

  it('is tried again when its other side says', async () => {
    const key = await write();
    slack.become('limits');
    expect((await failure(all().deliverTo({ key, channel: 'slack' }))).nextRetryDelay).toBe(RETRY_AFTER_S * 1_000);
    slack.become('fails');
    const { nextRetryDelay, nonRetryable } = await failure(all().deliverTo({ key, channel: 'slack' }));
    expect([nextRetryDelay, nonRetryable]).toEqual([undefined, false]);
    expect(await deliveries(key)).toEqual({});
    slack.become('takes');
    await all().deliverTo({ key, channel: 'slack' });
    expect(slack.taken.map((message) => message.key)).toEqual([key]);
  });

  it('that will never take it is recorded, logged, and not tried again', async () => {
    const key = await write();
    slack.become('refuses');
    await all().deliverTo({ key, channel: 'slack' });
    slack.become('takes');
    await all().deliverTo({ key, channel: 'slack' });
    expect(await deliveries(key)).toEqual({ slack: 'given-up' });
    expect(logged.join()).toContain('slack will never take this message');
    expect(slack.taken).toEqual([]);
  });

  it('that nobody configured is recorded and logged', async () => {
    const key = await write({ severity: 'critical' });
    await over(file, slack).deliverTo({ key, channel: 'pagerduty' });
    expect(await deliveries(key)).toEqual({ pagerduty: 'not-configured' });
    expect(logged.join()).toContain('pagerduty');
  });

  it('takes no more than four tries of what the worker can do at once', async () => {
    const keys = await Promise.all(Array.from({ length: 6 }, () => write()));
    let release = (): void => undefined;
    const released = new Promise<void>((done) => (release = done));
    const stuck: Channel = { name: 'slack', send: () => released.then(() => Promise.reject(new Away('slack does not answer'))) };
    const { deliverTo } = over(file, { channel: stuck }, email);
    const tries = keys.map((key) => failure(deliverTo({ key, channel: 'slack' })));
    const busy = () => logged.filter((line) => line.includes('busy')).length;
    await eventually(() => Promise.resolve(busy() === 2));
    await deliverTo({ key: keys[0] ?? '', channel: 'email' });
    expect(email.taken).toHaveLength(1);
    release();
    await Promise.all(tries);
    expect(busy()).toBe(2);
  });
});

describe('killed in between', () => {
  it('a channel that took it and could not say so gets it again under the same key, and no other is missed', async () => {
    const key = await write();
    const { channel } = slack;
    const lost: Channel = {
      name: 'slack',
      async send(message) {
        await channel.send(message);
        throw new Error('killed before anybody knew');
      },
    };
    await failure(over(file, { channel: lost }, email).deliverTo({ key, channel: 'slack' }));
    await all().deliverTo({ key, channel: 'slack' });
    await all().deliverTo({ key, channel: 'email' });
    expect(slack.taken.map((message) => message.key)).toEqual([key, key]);
    expect(email.taken.map((message) => message.key)).toEqual([key]);
  });

  it('a run is started for a notice that lacks any of its channels, and for no other', async () => {
    await world.db.worker.query(
      `INSERT INTO notice_delivery (notice_key, channel, detail, at)
         SELECT key, c, '', now() FROM notice, unnest(coalesce(channels, '{}') || '{file}') AS c ON CONFLICT DO NOTHING`,
    );
    const half = await write({ severity: 'warning' });
    for (const channel of ['file', 'email']) await all().deliverTo({ key: half, channel });
    const whole = await write({ severity: 'warning' });
    for (const channel of ['file', 'email', 'slack']) await all().deliverTo({ key: whole, channel });
    world.told.length = 0;
    await startLost({ pool: world.db.worker, runs: world.deps.runs, log: world.deps.log });
    expect(world.told).toEqual([`deliver ${half}`]);
  });
});

it('what an incident does to its page is done in order: a page that is ended first would stay open for ever', async () => {
  const incident = 'incident/9';
  const opened = await write({ severity: 'critical', page: { action: 'trigger', incident } });
  const closed = await write({ severity: 'info', page: { action: 'resolve', incident } });
  const other = await write({ severity: 'info', page: { action: 'resolve', incident: 'incident/10' } });
  const { type, nonRetryable } = await failure(all().deliverTo({ key: closed, channel: 'pagerduty' }));
  expect([type, nonRetryable]).toEqual(['not-yet', false]);
  for (const key of [other, opened, closed]) await all().deliverTo({ key, channel: 'pagerduty' });
  await all().deliverTo({ key: closed, channel: 'slack' });
  expect(pagerduty.taken.map(({ key }) => key)).toEqual([other, opened, closed]);
});

describe('a channel that has been away', () => {
  it('has everything as soon as it takes one message, each once and in order, though the others are tried more rarely the more wait', async () => {
    const keys = await Promise.all(Array.from({ length: 24 }, () => write()));
    const { deliverTo } = all();
    slack.become('fails');
    const delays: (number | undefined)[] = [];
    for (const key of keys)
      delays.push((await failure(deliverTo({ key, channel: 'slack' }))).nextRetryDelay as number | undefined);
    expect(delays.slice(0, 20)).toEqual(Array.from({ length: 20 }, () => undefined));
    for (const delay of delays.slice(20)) expect(delay).toBeGreaterThan(15_000);
    slack.become('takes');
    const [last = ''] = keys.slice(-1);
    await deliverTo({ key: last, channel: 'slack' });
    await eventually(() => Promise.resolve(slack.taken.length === keys.length));
    expect(slack.taken.map(({ key }) => key)).toEqual([last, ...keys.slice(0, -1)]);
    await deliverTo({ key: keys[0] ?? '', channel: 'slack' });
    expect(slack.taken).toHaveLength(keys.length);
  });

  it('has the notices of a page in their order, whichever of them was tried first', async () => {
    const incident = 'incident/11';
    const [opened, closed] = [
      await write({ severity: 'critical', page: { action: 'trigger', incident } }),
      await write({ severity: 'info', page: { action: 'resolve', incident } }),
    ];
    const other = await write({ severity: 'critical' });
    const { deliverTo } = all();
    pagerduty.become('fails');
    for (const key of [closed, opened, other]) await failure(deliverTo({ key, channel: 'pagerduty' }));
    pagerduty.become('takes');
    await deliverTo({ key: other, channel: 'pagerduty' });
    await eventually(() => Promise.resolve(pagerduty.taken.length === 3));
    expect(pagerduty.taken.map(({ key }) => key)).toEqual([other, opened, closed]);
  });
});
