import { dirname } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { Connection } from '../../platform/connection-file.js';
import { openPool } from '../../platform/pool.js';
import { readStatus, type Status } from '../../platform/read/status.js';
import { arrivedIn, SINKS, type Arrived } from './messages.js';
import { firstLines, linesWith, Unexpected, type Narrator } from './narrator.js';
import { startTraffic, type DemoTraffic } from './traffic.js';

/** What the part of the story that happens in production needs to know. */
export interface Stage {
  readonly connection: Connection;
  readonly dataDir: string;
  readonly model: string;
  /** What serves, and what served before it. */
  readonly version: string;
  readonly previous: string;
  readonly signal: AbortSignal;
}

type ModelStatus = Status['models'][number];

const RATE = 50;
const WITHIN_MS = 90_000;
const LOOK_EVERY_MS = 200;
const FAULT_ANSWERS_WITHIN_MS = 10_000;
const MESSAGES_SHOWN = 4;
const SINK_CELLS = 9;
/** What each sink has when it has been told of the rollback. */
const TOLD = { pagerduty: /beyond the rollback limit/, slack: /rolled back/, mail: /rolled back/ };

/** Traffic reaches the version in production, a fault is switched on, and the version is taken back without anybody asking. */
export async function watched(tell: Narrator, stage: Stage): Promise<void> {
  const { connection, dataDir, model, version, signal } = stage;
  const { serving } = connection;
  tell.chapter(
    `${version} is watched for as long as it serves`,
    'A serving endpoint has verified and loaded it. Its predictions are logged, and a watch compares the last 15 seconds with',
    'its limits, every 2 s instead of the guidelines’ 60, so that there is something to see: stricter, hence not marked relaxed.',
  );
  if (!serving) return tell.say('The endpoint did not come up here, so there is nothing to watch; logs/serving.log says why.');
  const look = openLook(stage);
  const traffic = startTraffic(dataDir, { model, rate: RATE, signal });
  try {
    await until(look, ({ watch, production }) => production !== version || (watch?.health ?? 'unknown') !== 'unknown', signal);
    tell.show(traffic.command, secondOf(traffic));
    await tell.run({ words: ['status', '--model-name', model], show: linesWith(/in production$|^ +watch|INCIDENT/) });
    await takenBack(tell, { ...stage, url: serving.url }, { look, traffic });
  } finally {
    await traffic.stop();
    await look.close();
  }
}

interface Look {
  (): Promise<ModelStatus | undefined>;
  close(): Promise<void>;
}

async function takenBack(
  tell: Narrator,
  { connection, model, version, previous, signal, url }: Stage & { readonly url: string },
  { look, traffic }: { readonly look: Look; readonly traffic: DemoTraffic },
): Promise<void> {
  tell.chapter(
    `${version} begins to fail, and is taken back`,
    'The endpoint can be told to misbehave: from now on it fails every prediction of this version. More than 5 % of errors in',
    'one window are the guidelines’ reason for a rollback; its authority is that window, and nobody has to sign for it.',
  );
  const before = arrivedIn(connection.sinks);
  const asked = JSON.stringify({ model, version, fault: 'failing' });
  const since = performance.now();
  const answer = await fetch(`${url}/faults`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: asked,
    signal: AbortSignal.any([signal, AbortSignal.timeout(FAULT_ANSWERS_WITHIN_MS)]),
  });
  if (!answer.ok) throw new Unexpected(`the endpoint answered ${answer.status} when a fault was switched on`);
  tell.show(`curl -H 'content-type: application/json' -d '${asked}' ${url}/faults`, []);
  await until(look, ({ production }) => production === previous, signal);
  const seconds = ((performance.now() - since) / 1_000).toFixed(1);
  tell.say('', `${seconds} s later ${previous} is in production again. What follows is confirmed step by step:`);
  await until(look, ({ versions }) => versions.every(({ followUpsOpen }) => followUpsOpen.length === 0), signal);
  tell.show(traffic.command, secondOf(traffic));
  await tell.run({ words: ['status', '--model-name', model], show: firstLines(7) });
  await tell.run({ words: ['history', '--model-name', model], show: firstLines(5) });
  const messages = await toldOfRollback(connection, before, signal);
  tell.say('', 'What people were told on the way, in the sinks of the stack (a mail server, and peers of Slack and PagerDuty):');
  tell.show(
    `tail ${dirname(connection.sinks['mail'] ?? '')}/*.jsonl`,
    messages.map(({ sink, text }) => `${sink.padEnd(SINK_CELLS)}  ${text}`),
  );
  tell.say('', `${version} is quarantined: it is neither promoted nor rolled back to until somebody releases it.`);
}

function openLook({ connection, model }: Stage): Look {
  const pool = openPool(connection.readUrl, 'gatehouse demo', { max: 1 });
  const look = async () => (await readStatus(pool, { model })).models[0];
  return Object.assign(look, { close: () => pool.end() });
}

/** Waits for what the story needs of the model's status. */
async function until(look: Look, isThere: (status: ModelStatus) => boolean, signal: AbortSignal): Promise<void> {
  let status: ModelStatus | undefined;
  for (const end = Date.now() + WITHIN_MS; Date.now() < end; await delay(LOOK_EVERY_MS, undefined, { signal })) {
    status = await look();
    if (status && isThere(status)) return;
  }
  const { production, watch, versions } = status ?? {};
  const open = versions?.flatMap(({ followUpsOpen }) => followUpsOpen) ?? [];
  const is = [
    `production is ${production ?? 'none'}`,
    `its watch says ${watch?.health ?? 'nothing'}`,
    `open: ${open.join(', ')}`,
  ];
  throw new Unexpected(`after ${WITHIN_MS / 1_000} s ${is.join(', ')}`);
}

/** The first messages of each sink since the fault, as soon as each has been told of the rollback. */
async function toldOfRollback({ sinks }: Connection, before: readonly Arrived[], signal: AbortSignal): Promise<Arrived[]> {
  const of = (sink: Arrived['sink'], messages: readonly Arrived[]) => messages.filter((each) => each.sink === sink);
  for (const end = Date.now() + WITHIN_MS; Date.now() < end; await delay(LOOK_EVERY_MS, undefined, { signal })) {
    const messages = arrivedIn(sinks);
    const news = SINKS.map((sink) => of(sink, messages).slice(of(sink, before).length));
    const isTold = SINKS.every((sink, i) => news[i]?.some(({ text }) => TOLD[sink].test(text)));
    if (isTold) return news.flatMap((each) => each.slice(0, MESSAGES_SHOWN));
  }
  throw new Unexpected(`the sinks have no message of the rollback after ${WITHIN_MS / 1_000} s`);
}

function secondOf(traffic: DemoTraffic): string[] {
  const last = traffic.lastSecond();
  return last === undefined ? [] : [last];
}
