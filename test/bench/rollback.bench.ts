import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import type pg from 'pg';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { startHttpSink } from '../../dev/sinks/http-sink.js';
import { startMailSink } from '../../dev/sinks/mail-sink.js';
import { pagerdutyPeer } from '../../dev/sinks/pagerduty-sink.js';
import { slackPeer } from '../../dev/sinks/slack-sink.js';
import { openPool } from '../../platform/pool.js';
import { startGate, type Gate } from '../support/gate.js';
import { approveAll, PEOPLE, registerExample, soundWith, stage, untilStage } from '../support/promotion.js';
import { startScriptedPrometheus, type Fault, type ScriptedPrometheus } from '../support/scripted-prometheus.js';
import { down, eventually, EXAMPLE, MODEL, up, type RunningStack } from '../support/stack.js';
import { inProduction, pidOf, pointedTo, takenBy } from '../support/watched.js';
import { say } from './figures.js';

const ROLLBACKS = Number(process.env['ROLLBACKS'] ?? 50);
const LOOKS = Number(process.env['LOOKS'] ?? 300);
const EVERY_MS = 1_000;
const WITHIN_MS = EVERY_MS + 5_000;
const CONDITIONS = ['error-rate', 'latency', 'accuracy'] as const satisfies Fault[];
const POLICY = `model: ${MODEL}
soak: { min: 1s, max: 10m, remind_before: [1m] }
watch: { every: 1s, window: 10s, min_samples: 20, min_labels: 100, source: prometheus }
rollback: { cooldown: 0s }
`;

const folder = mkdtempSync(join(tmpdir(), 'gatehouse-rollback-'));
const fileOf = (name: string): string => join(folder, `${name}.jsonl`);

/** The example's packages, whose monitoring is said to be by Prometheus. */
function packagesWatchedByPrometheus(): string {
  const packages = join(folder, 'packages');
  cpSync(join(EXAMPLE, 'packages'), packages, { recursive: true });
  for (const version of ['1.2.0', '1.4.0']) {
    const file = join(packages, version, 'model.yaml');
    writeFileSync(file, readFileSync(file, 'utf8').replace('source: prediction-log', 'source: prometheus'));
  }
  return packages;
}

let stack: RunningStack;
let reader: pg.Pool;
let prometheus: ScriptedPrometheus;
const gates: Gate[] = [];
const sinks: { close(): Promise<void> }[] = [];
const files = { mail: '', slack: '', pagerduty: '' };
beforeAll(async () => {
  prometheus = await startScriptedPrometheus();
  const [mail, slack, pagerduty] = await Promise.all([
    startMailSink((files.mail = fileOf('mail'))),
    startHttpSink(slackPeer((files.slack = fileOf('slack')))),
    startHttpSink(pagerdutyPeer((files.pagerduty = fileOf('pagerduty')))),
  ]);
  sinks.push(mail, slack, pagerduty);
  const urls: string[] = [];
  for (const { url } of [mail, slack, pagerduty]) {
    const gate = await startGate(url);
    gates.push(gate);
    urls.push(`${new URL(url).protocol}//127.0.0.1:${gate.port}`);
  }
  const [smtpUrl, slackUrl, pagerdutyUrl] = urls;
  stack = await up(undefined, {
    GATEHOUSE_PROMETHEUS_URL: prometheus.url,
    GATEHOUSE_SMTP_URL: smtpUrl,
    GATEHOUSE_MAIL_FROM: 'gatehouse@duetmind.example',
    GATEHOUSE_SLACK_TOKEN: 'x',
    GATEHOUSE_SLACK_CHANNEL: '#a',
    GATEHOUSE_SLACK_URL: `${slackUrl}/api/`,
    GATEHOUSE_PAGERDUTY_KEY: 'x',
    GATEHOUSE_PAGERDUTY_URL: pagerdutyUrl,
  });
  reader = openPool(stack.connection.readUrl, 'test');
  const policy = join(stack.dir, 'policy.yaml');
  writeFileSync(policy, POLICY);
  await registerExample(stack, policy);
  for (const version of ['1.2.0', '1.4.0']) {
    await stage(stack, version, packagesWatchedByPrometheus());
    await approveAll(stack, version);
    await untilStage(stack, version, 'production');
  }
});
afterAll(async () => {
  await down(stack);
  await reader.end();
  for (const each of [...gates, ...sinks, prometheus]) await each.close();
  rmSync(folder, { recursive: true });
});

/** Milliseconds from now until it is so, looked at all the time. */
async function until(isSo: () => Promise<boolean>): Promise<number> {
  const started = performance.now();
  while (!(await isSo())) {
    if (performance.now() - started > 60_000) throw new Error(`not so within a minute: ${isSo.toString()}`);
    await pause(10);
  }
  return performance.now() - started;
}

function quantiles(took: readonly number[]): string {
  const sorted = [...took].sort((a, b) => a - b);
  const at = (share: number) => (sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)] ?? Number.NaN).toFixed(0);
  return `p50 ${at(0.5)} ms, p99 ${at(0.99)} ms, most ${at(1)} ms; ${took.filter((ms) => ms <= WITHIN_MS).length} of ${took.length} within ${WITHIN_MS} ms`;
}

/** What was seen of the version that has just left, for whoever asks why that took so long. */
async function sayWindows(): Promise<void> {
  const { rows } = await reader.query<{ line: string }>(
    `SELECT to_char(seen_at, 'HH24:MI:SS.MS') || ' took ' || took_ms || ' ms: ' || verdict || ' ' || severity || ' ' || reason AS line
       FROM performance_window WHERE change_key = (SELECT key FROM production_change ORDER BY seq DESC OFFSET 1 LIMIT 1)
      ORDER BY id DESC LIMIT 8`,
  );
  for (const { line } of rows) say('  seen', line);
}

it(`${ROLLBACKS} automatic rollbacks by figures of Prometheus, with every channel hanging`, async () => {
  const [changed, served]: [number[], number[]] = [[], []];
  for (let turn = 0; turn < ROLLBACKS; turn += 1) {
    const { version } = await eventually(async () => {
      const now = await inProduction(reader);
      return now.windows > 0 && now;
    }, 60_000);
    const [from, to] = version === '1.4.0' ? ['1.4.0', '1.2.0'] : ['1.2.0', '1.4.0'];
    // At no particular time between two looks.
    await pause(Math.random() * EVERY_MS);
    prometheus.fault(from, CONDITIONS[turn % CONDITIONS.length] ?? 'error-rate');
    const [record, pointer] = await Promise.all([
      until(async () => (await inProduction(reader)).version === to),
      until(() => Promise.resolve(pointedTo(stack) === to)),
    ]);
    if (record > WITHIN_MS) await sayWindows();
    changed.push(record);
    served.push(pointer);
    prometheus.fault(from, 'none');
    const of = ['--model-name', MODEL, '--version', from, '--reason', 'it was the network', '--approver', PEOPLE.mlops];
    await stack.json(0, 'release', ...of);
  }
  say('from the breach to production changed in the record', quantiles(changed));
  say('from the breach to the pointer of the serving side', quantiles(served));
  await soundWith(stack, ROLLBACKS % 2 === 0 ? '1.4.0' : '1.2.0');
  for (const file of Object.values(files)) expect(takenBy(file)).toEqual([]);
});

it('every message arrives when the channels are back, once for its key', async () => {
  const owed = async () => {
    const { rows } = await reader.query<{ channel: string; n: number; done: number; keys: string[] }>(
      `SELECT c.channel, count(*)::int AS n, count(d.outcome) FILTER (WHERE d.outcome = 'sent')::int AS done, array_agg(n.key) AS keys
         FROM notice n CROSS JOIN unnest(n.channels) AS c(channel)
         LEFT JOIN notice_delivery d ON d.notice_key = n.key AND d.channel = c.channel
        GROUP BY c.channel ORDER BY c.channel`,
    );
    return rows;
  };
  for (const { channel, n, done } of await owed()) say(`${channel}: messages before the repair`, `${n}, ${done} of them sent`);
  for (const gate of gates) gate.open();
  const started = performance.now();
  await eventually(async () => (await owed()).every(({ n, done }) => n === done), 10 * 60_000);
  say('from the repair to the last message', `${((performance.now() - started) / 1_000).toFixed(0)} s`);
  const arrived = {
    email: takenBy<{ messageId: string }>(files.mail).map(({ messageId }) => messageId),
    slack: takenBy<{ metadata: { event_payload: { key: string } } }>(files.slack).map(
      ({ metadata }) => metadata.event_payload.key,
    ),
    pagerduty: takenBy<{ event_action: string; dedup_key: string; payload?: { custom_details: { notice: string } } }>(
      files.pagerduty,
    ).map(({ event_action: action, dedup_key: key, payload }) => `${action} ${key} ${payload?.custom_details.notice ?? ''}`),
  };
  for (const { channel, n } of await owed()) {
    const keys = arrived[channel as keyof typeof arrived];
    say(`${channel}: owed, arrived, different keys`, `${n}, ${keys.length}, ${new Set(keys).size}`);
    expect([keys.length, new Set(keys).size]).toEqual([n, n]);
  }
});

/** Seconds of a process's CPU so far (Linux). */
function cpuSeconds(pid: number): number {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8')
    .replace(/^.*\) /s, '')
    .split(' ');
  return (Number(fields[11]) + Number(fields[12])) / 100;
}

it(`${LOOKS} looks at a version that is well`, async () => {
  const { version, windows } = await inProduction(reader);
  const { rows } = await reader.query<{ n: number }>(`SELECT count(*)::int AS n FROM production_change WHERE to_version = $1`, [
    version,
  ]);
  const workflowId = `watch/${MODEL}/${version}/${rows[0]?.n}`;
  const length = async () => {
    const { stdout } = await stack.temporal('workflow', 'show', '-w', workflowId, '-o', 'json');
    return (JSON.parse(stdout) as { events: unknown[] }).events.length;
  };
  const [events, started] = [await length(), performance.now()];
  const cpu = { worker: cpuSeconds(pidOf(stack, 'worker')), watchdog: cpuSeconds(pidOf(stack, 'watchdog')) };
  await eventually(async () => (await inProduction(reader)).windows >= windows + LOOKS, 2 * LOOKS * EVERY_MS);
  const seconds = (performance.now() - started) / 1_000;
  say('events of the watch before and after', `${events}, ${await length()}`);
  say('its looks, and the seconds they took', `${(await inProduction(reader)).windows - windows}, ${seconds.toFixed(0)}`);
  for (const part of ['worker', 'watchdog'] as const) {
    const used = cpuSeconds(pidOf(stack, part)) - cpu[part];
    say(`CPU of the ${part}, with one watch every ${EVERY_MS / 1_000} s`, `${((100 * used) / seconds).toFixed(1)} % of a core`);
  }
  expect(await length()).toBe(events);
});
