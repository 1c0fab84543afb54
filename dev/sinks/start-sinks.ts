import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import type { SinkPlaces } from '../../platform/sinks.js';
import type { Part, StartOptions } from '../start-options.js';
import { startHttpSink } from './http-sink.js';
import { startMailSink } from './mail-sink.js';
import { pagerdutyPeer } from './pagerduty-sink.js';
import { slackPeer } from './slack-sink.js';

/** What takes the stack's messages, in the process of the stack itself: it needs none of its own. */
export const SINKS = 'the sinks';

/** Starts a mail server and peers that answer as Slack and PagerDuty do, on free ports, and answers where they are. */
export async function startSinks({ paths, keep }: Pick<StartOptions, 'paths' | 'keep'>): Promise<SinkPlaces> {
  mkdirSync(paths.sinks, { recursive: true, mode: 0o700 });
  const file = (name: string) => join(paths.sinks, `${name}.jsonl`);
  const files = { mail: file('mail'), slack: file('slack'), pagerduty: file('pagerduty') };
  const [mail, slack, pagerduty] = await Promise.all([
    startMailSink(files.mail),
    startHttpSink(slackPeer(files.slack)),
    startHttpSink(pagerdutyPeer(files.pagerduty)),
  ]);
  const part: Part = {
    name: SINKS,
    async stop() {
      await Promise.all([mail, slack, pagerduty].map((sink) => sink.close()));
    },
  };
  keep(part);
  return { ...files, smtpUrl: mail.url, slackUrl: `${slack.url}/api/`, pagerdutyUrl: pagerduty.url };
}
