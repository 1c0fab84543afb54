import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import type { SinkPlaces } from '../../platform/sinks.js';
import type { DataDirPaths } from '../../platform/connection-file.js';
import { startHttpSink } from './http-sink.js';
import { startMailSink } from './mail-sink.js';
import { pagerdutyPeer } from './pagerduty-sink.js';
import { slackPeer } from './slack-sink.js';

/** The peers that take the stack's messages. They live in the process of the stack, and end with it unless they are closed before. */
export interface Sinks {
  readonly places: SinkPlaces;
  close(): Promise<void>;
}

/** Starts a mail server and peers that answer as Slack and PagerDuty do, on free ports. */
export async function startSinks({ sinks: folder }: Pick<DataDirPaths, 'sinks'>): Promise<Sinks> {
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const file = (name: string) => join(folder, `${name}.jsonl`);
  const files = { mail: file('mail'), slack: file('slack'), pagerduty: file('pagerduty') };
  const [mail, slack, pagerduty] = await Promise.all([
    startMailSink(files.mail),
    startHttpSink(slackPeer(files.slack)),
    startHttpSink(pagerdutyPeer(files.pagerduty)),
  ]);
  return {
    places: { ...files, smtpUrl: mail.url, slackUrl: `${slack.url}/api/`, pagerdutyUrl: pagerduty.url },
    async close() {
      await Promise.all([mail, slack, pagerduty].map((sink) => sink.close()));
    },
  };
}
