import { hostname } from 'node:os';
import { SEVERITIES, type ChannelName, type Severity } from '../../domain/notice.js';
import { ChannelError, type Sender } from '../../platform/channels/sender.js';
import type { Message } from '../../platform/message/message.js';

/** What became of one message over one channel. */
export interface Tried {
  readonly channel: ChannelName;
  readonly severity: Severity;
  readonly outcome: 'sent' | 'failed';
  /** What it was handed to. */
  readonly place: string;
  /** Where it went, or why it did not. */
  readonly detail: string;
}

/** Sends a message of each severity over each channel, the channels side by side; an alert that a pager opens for it is closed again. */
export async function sendTests(
  senders: readonly Sender[],
  to: { readonly email: string | null; readonly links: Message['links'] },
): Promise<Tried[]> {
  const at = new Date().toISOString();
  const over = async (sender: Sender): Promise<Tried[]> => {
    const tried: Tried[] = [];
    for (const severity of SEVERITIES) tried.push(await tryOne(sender, testMessage(severity, at, to)));
    return tried;
  };
  return (await Promise.all(senders.map(over))).flat();
}

async function tryOne(sender: Sender, message: Message): Promise<Tried> {
  const { name: channel, place } = sender;
  const { severity, key: incident } = message;
  try {
    const detail = await sender.send(message);
    if (channel !== 'pagerduty') return { channel, severity, outcome: 'sent', place, detail };
    await sender.send({ ...message, page: { action: 'resolve', incident } });
    return { channel, severity, outcome: 'sent', place, detail: `${detail}, resolved again` };
  } catch (error) {
    const detail = error instanceof ChannelError ? error.message : 'it failed in a way that is not known';
    return { channel, severity, outcome: 'failed', place, detail };
  }
}

function testMessage(
  severity: Severity,
  at: string,
  { email, links }: { readonly email: string | null; readonly links: Message['links'] },
): Message {
  return {
    key: `notify-test/${severity}/${at}`,
    kind: 'test',
    subject: 'notify-test',
    audience: [],
    title: `Test: a message of severity ${severity}`,
    body: 'Somebody ran "gatehouse notify test" to see whether messages arrive.\nNothing is wrong, and nothing has to be done.',
    severity,
    at,
    facts: [
      { name: 'When', value: at },
      { name: 'Sent from', value: hostname() },
    ],
    links,
    to: { emails: email === null ? [] : [email], slack: null, onCall: null },
  };
}
