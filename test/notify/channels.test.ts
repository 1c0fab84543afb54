import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeEach, describe, expect, it } from 'vitest';
import { outsideChannel } from '../../activities/notify/outside-channel.js';
import { pagerdutyPeer } from '../../dev/sinks/pagerduty-sink.js';
import { slackPeer } from '../../dev/sinks/slack-sink.js';
import { emailSender } from '../../platform/channels/email.js';
import { pagerdutySender } from '../../platform/channels/pagerduty.js';
import { slackSender } from '../../platform/channels/slack.js';
import { startSmtp } from '../support/smtp.js';
import { channelContract, deadlineFor, SECRET } from './channel-contract.js';
import { fakeChannel } from './fake-channel.js';
import { startHttpPeer } from './http-peer.js';
import { message } from './messages.js';
import { startSmtpPeer } from './smtp-peer.js';

const dir = mkdtempSync(join(tmpdir(), 'gatehouse-channels-'));
afterAll(() => rmSync(dir, { recursive: true }));

let file = '';
let files = 0;
beforeEach(() => {
  files += 1;
  file = join(dir, `${files}.jsonl`);
});

interface Kept {
  readonly dedup_key?: string;
  readonly event_action?: string;
  readonly metadata?: { readonly event_payload: { readonly key: string } };
  readonly channel?: string;
}
const kept = (): Kept[] =>
  existsSync(file)
    ? readFileSync(file, 'utf8')
        .trimEnd()
        .split('\n')
        .map((line) => JSON.parse(line) as Kept)
    : [];

const OVER_HTTP = ['takes', 'limits', 'fails', 'refuses', 'hangs', 'drips', 'redirects', 'floods', 'gone'] as const;
const slackRefusal = (error: string) => ({ status: 200, body: { ok: false, error } });
const startSlack = (behaviour: Parameters<typeof startHttpPeer>[0], error = 'channel_not_found') =>
  startHttpPeer(behaviour, { takes: slackPeer(file), refuses: slackRefusal(error) });

channelContract(
  'Slack',
  async (behaviour) => {
    const peer = await startSlack(behaviour);
    const config = { token: SECRET, channel: '#ml-alerts', url: `${peer.url}/api` };
    return {
      channel: outsideChannel(slackSender(config, deadlineFor(behaviour))),
      arrived: () => kept().map(({ metadata }) => metadata?.event_payload.key ?? ''),
      close: peer.close,
    };
  },
  { knows: OVER_HTTP, saysWhen: true },
);

channelContract(
  'PagerDuty',
  async (behaviour) => {
    const refuses = { status: 400, body: { status: 'invalid event', errors: [SECRET] } };
    const peer = await startHttpPeer(behaviour, { takes: pagerdutyPeer(file), refuses });
    return {
      channel: outsideChannel(pagerdutySender({ key: SECRET, url: peer.url }, deadlineFor(behaviour))),
      arrived: () => kept().map(({ dedup_key: key = '' }) => key),
      close: peer.close,
    };
  },
  { knows: OVER_HTTP, saysWhen: true },
);

channelContract(
  'E-mail',
  async (behaviour) => {
    const { server, ...peer } = await startSmtpPeer(behaviour);
    return { channel: outsideChannel(emailSender(server, deadlineFor(behaviour))), ...peer };
  },
  { knows: ['takes', 'limits', 'fails', 'refuses', 'hangs', 'drips', 'gone'], saysWhen: false },
);

channelContract(
  'The fake',
  (behaviour) => {
    const { channel, taken } = fakeChannel('fake', behaviour);
    return Promise.resolve({ channel, arrived: () => taken.map(({ key }) => key), close: () => Promise.resolve() });
  },
  { knows: OVER_HTTP, saysWhen: true },
);

describe('Slack', () => {
  it.each([
    ['invalid_auth', false],
    ['token_revoked', false],
    ['internal_error', false],
    ['channel_not_found', true],
    ['is_archived', true],
    ['invalid_blocks', true],
  ])('%s: given up %s', async (error, isFinal) => {
    const peer = await startSlack('refuses', error);
    try {
      const sending = slackSender({ token: SECRET, channel: '#a', url: peer.url }).send(message());
      await expect(sending).rejects.toMatchObject({ message: `Slack answers ${error}`, isFinal });
    } finally {
      await peer.close();
    }
  });

  it("posts to the channel of the policy's contacts before its own, and to none where nobody names one", async () => {
    const peer = await startSlack('takes');
    try {
      const to = { emails: [], onCall: null };
      const own = slackSender({ token: SECRET, channel: '#own', url: `${peer.url}/api/` });
      await own.send(message({ to: { ...to, slack: '#theirs' } }));
      await own.send(message({ to: { ...to, slack: null } }));
      expect(kept().map(({ channel }) => channel)).toEqual(['#theirs', '#own']);
      const none = slackSender({ token: SECRET, channel: null, url: `${peer.url}/api/` });
      await expect(none.send(message({ to: { ...to, slack: null } }))).rejects.toMatchObject({ isFinal: true });
    } finally {
      await peer.close();
    }
  });
});

it('PagerDuty is told of one incident under one key from its trigger to its end', async () => {
  const peer = await startHttpPeer('takes', { takes: pagerdutyPeer(file), refuses: { status: 400, body: {} } });
  try {
    const pagerduty = pagerdutySender({ key: SECRET, url: peer.url });
    for (const action of ['trigger', 'acknowledge', 'resolve'] as const)
      await pagerduty.send(message({ key: `incident/7/${action}`, page: { action, incident: 'incident/7' } }));
    const { page: _none, ...unpaged } = message();
    await pagerduty.send(unpaged);
    expect(kept().map(({ event_action: action, dedup_key: key }) => [action, key])).toEqual([
      ['trigger', 'incident/7'],
      ['acknowledge', 'incident/7'],
      ['resolve', 'incident/7'],
      ['trigger', unpaged.key],
    ]);
    expect(readFileSync(file, 'utf8')).not.toContain(SECRET);
  } finally {
    await peer.close();
  }
});

describe('a mail', () => {
  const to = (...emails: string[]) => message({ to: { emails, slack: null, onCall: null } });

  it('goes to what is an address, and is given up where nothing is', async () => {
    const peer = await startSmtpPeer('takes');
    try {
      const email = emailSender(peer.server);
      const noise = ['+1-555', 'b@example.org\r\nBcc: c@example.org', 'a@example.org'];
      expect(await email.send(to('a@example.org', ...noise))).toBe('a@example.org');
      await expect(email.send(to('nobody'))).rejects.toMatchObject({ isFinal: true });
    } finally {
      await peer.close();
    }
  });

  it.each([
    ['550 5.1.1 no such user', true],
    ['550 5.7.1 relaying denied', false],
    ['450 4.2.0 greylisted', false],
  ])('for nobody, with %s: given up %s', async (answer, isFinal) => {
    const smtp = await startSmtp({ onRcptTo: (_to, _session, done) => done(refused(answer)) });
    try {
      await expect(emailSender(smtp.server).send(to('a@example.org'))).rejects.toMatchObject({ isFinal });
    } finally {
      await smtp.close();
    }
  });

  it('that some of its addresses were refused for has been sent: again would be a repeat for the others', async () => {
    const smtp = await startSmtp({
      onRcptTo: ({ address }, _session, done) => done(address.startsWith('a') ? null : refused('450 4.2.0 not now')),
    });
    try {
      expect(await emailSender(smtp.server).send(to('a@example.org', 'b@example.org'))).toMatch(/^some of a@example.org, b@/);
      expect(smtp.taken.map(({ to: taken }) => taken)).toEqual([['a@example.org']]);
    } finally {
      await smtp.close();
    }
  });
});

function refused(answer: string): Error {
  const [code = '', ...words] = answer.split(' ');
  return Object.assign(new Error(words.join(' ')), { responseCode: Number(code) });
}
