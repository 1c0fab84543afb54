import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { MODEL_NAME } from '../../../domain/ids.js';
import { readDataDir } from '../../../platform/config.js';
import { readConnection } from '../../../platform/connection-file.js';
import { packageRoot } from '../../../platform/entry.js';
import { trafficRows } from './rows.js';
import type { TrafficFigures } from './tally.js';
import { startTraffic, type TrafficOptions } from './traffic.js';

const USAGE = `npm run traffic -- --model-name <M> [options]

Asks the serving endpoint of a running stack about the rows of a file, over and over, and sends their labels, until Ctrl-C.

  --rate <N>         predictions a second (default 50)
  --label-delay <S>  seconds from an answer to its label (default 1); none sends no labels
  --stage <S>        production (default) or staging
  --version <V>      which one, where several are in staging
  --data <FILE>      a CSV file with a header (default: the example's hold-out set)
  --label <NAME>     the file's column with the labels, 0 or 1 (default impaired)
  --url <URL>        the endpoint (default: of the stack that runs on the data directory)
  --json             each second's figures as one line of JSON
`;

class Usage extends Error {}

const stopping = new AbortController();
for (const event of ['SIGINT', 'SIGTERM'] as const) process.on(event, () => stopping.abort());
process.stdout.on('error', () => stopping.abort());

try {
  const asked = readArguments();
  if (asked === 'help') process.stdout.write(USAGE);
  else await run(asked.options, asked.json);
} catch (error) {
  process.stderr.write(`2: ${(error as Error).message}; see npm run traffic -- --help\n`);
  process.exitCode = 2;
}

async function run(options: TrafficOptions, json: boolean): Promise<void> {
  const traffic = startTraffic(options);
  while (!stopping.signal.aborted) {
    await delay(1_000, undefined, { signal: stopping.signal }).catch(() => undefined);
    const figures = traffic.figures();
    if (figures.sent + figures.answered + figures.failed + figures.refused > 0)
      process.stdout.write(`${json ? JSON.stringify(figures) : lineOf(figures)}\n`);
  }
  await traffic.stop();
}

function lineOf({ sent, answered, failed, refused, p50, p95, accuracy, versions }: TrafficFigures): string {
  const ms = (value: number | null) => (value === null ? '-' : `${value.toFixed(0)} ms`);
  const share = accuracy === null ? '-' : `${(100 * accuracy).toFixed(0)} %`;
  return [
    new Date().toISOString().slice(11, 19),
    `${sent} asked, ${answered} answered, ${failed} failed, ${refused} refused`,
    `p50 ${ms(p50)}, p95 ${ms(p95)}`,
    `right ${share}`,
    versions.join(' and ') || 'no version',
  ].join('  ');
}

function readArguments(): 'help' | { readonly options: TrafficOptions; readonly json: boolean } {
  const { values } = parseArgs({
    options: {
      'model-name': { type: 'string' },
      rate: { type: 'string', default: '50' },
      'label-delay': { type: 'string', default: '1' },
      stage: { type: 'string', default: 'production' },
      version: { type: 'string' },
      data: { type: 'string' },
      label: { type: 'string', default: 'impaired' },
      url: { type: 'string' },
      json: { type: 'boolean', default: false },
      help: { type: 'boolean', short: 'h', default: false },
    },
  });
  if (values.help) return 'help';
  const { 'model-name': model = '', stage, version, 'label-delay': labelDelay } = values;
  if (!MODEL_NAME.test(model)) throw new Usage('--model-name: a model is needed');
  if (stage !== 'production' && stage !== 'staging') throw new Usage('--stage: production or staging');
  const data = values.data ?? join(packageRoot(), 'examples', 'alzheimer', 'data', 'holdout.csv');
  const options = {
    model,
    stage,
    url: values.url ?? endpointHere(),
    rate: numberOf('--rate', values.rate, 1, 1_000),
    rows: rowsOf(data, values.label),
    ...(version !== undefined && { version }),
    ...(labelDelay !== 'none' && { labelAfterMs: 1_000 * numberOf('--label-delay', labelDelay, 0, 3_600) }),
  } as const;
  return { options, json: values.json };
}

function endpointHere(): string {
  const dataDir = readDataDir();
  const url = readConnection(dataDir)?.serving?.url;
  if (url === undefined) throw new Usage(`--url: no serving endpoint runs in ${dataDir}`);
  return url;
}

function rowsOf(path: string, label: string): TrafficOptions['rows'] {
  try {
    return trafficRows(readFileSync(path, 'utf8'), label);
  } catch (error) {
    throw new Usage(`--data: ${path}: ${(error as Error).message}`, { cause: error });
  }
}

function numberOf(name: string, text: string, least: number, most: number): number {
  const value = Number(text);
  if (text.trim() === '' || !(value >= least && value <= most)) throw new Usage(`${name}: a number from ${least} to ${most}`);
  return value;
}
