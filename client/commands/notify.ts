import { Option, type Command } from 'commander';
import { CHANNELS } from '../../domain/notice.js';
import { configuredSenders } from '../../platform/channels/configured.js';
import { isMailAddress } from '../../platform/mail-server.js';
import { channelsHere } from '../notify/channels-here.js';
import { sendTests, type Tried } from '../notify/test-messages.js';
import { Refused, type Outcome } from '../output.js';
import { shown } from '../record.js';
import { mark, toned } from '../show/marks.js';
import { table } from '../table.js';
import { terminalOf, type Canvas } from '../terminal.js';
import { verb } from '../verb.js';

/** Adds `notify test`: whether messages arrive over the channels that are configured here. */
export function notifyCommand(program: Command): void {
  const notify = program.command('notify').description('try the channels over which people are told');
  verb(
    notify,
    'test',
    'send a message of each severity over each channel that is configured here; needs no signature and writes nothing to the record',
    test,
  )
    .addOption(new Option('--to <E-MAIL>', 'who gets the mails (default: GATEHOUSE_MAIL_FROM)'))
    .addHelpText('after', '\nExample:\n  gatehouse notify test --to you@example.org');
}

async function test({ to }: { to?: string }): Promise<Outcome> {
  if (to !== undefined && !isMailAddress(to))
    throw new Refused({
      kind: 'usage',
      what: '--to is not one e-mail address',
      given: shown(to),
      allowed: 'such as you@example.org',
    });
  const { channels, temporalUiUrl } = channelsHere();
  const senders = configuredSenders(channels);
  const missing = CHANNELS.filter((channel) => !channels[channel]);
  if (senders.length === 0) {
    const what = 'no channel is configured here';
    const allowed = 'GATEHOUSE_SLACK_TOKEN, GATEHOUSE_SMTP_URL with GATEHOUSE_MAIL_FROM, GATEHOUSE_PAGERDUTY_KEY';
    const refusal = { kind: 'usage', what, allowed, next: 'set them, or gatehouse up; see docs/notifications.md' } as const;
    return { document: { messages: [], notConfigured: missing }, text: '', refusal };
  }
  const links = temporalUiUrl ? [{ name: 'Temporal', url: temporalUiUrl }] : [];
  const messages = await sendTests(senders, { email: to ?? channels.email?.from ?? null, links });
  const document = { messages, notConfigured: missing };
  const text = messagesText(messages, missing, terminalOf());
  const failed = [...new Set(messages.filter(({ outcome }) => outcome === 'failed').map(({ channel }) => channel))];
  if (failed.length === 0) return { document, text };
  const what = `not every message was sent over ${failed.join(', ')}`;
  return {
    document,
    text,
    refusal: { kind: 'away', what, next: 'see the last column; gatehouse doctor says what is configured' },
  };
}

function messagesText(messages: readonly Tried[], missing: readonly string[], on: Canvas): string {
  const rows = messages.map(({ channel, severity, outcome, place, detail }) => {
    const tone = outcome === 'sent' ? 'good' : 'bad';
    return [channel, severity, { text: mark(outcome, tone, on), paint: toned(tone, on) }, place, detail];
  });
  const others = missing.map((channel) => [channel, null, 'not configured', null, null]);
  return table(['CHANNEL', 'SEVERITY', 'OUTCOME', 'OVER', 'WHERE'], [...rows, ...others], on);
}
