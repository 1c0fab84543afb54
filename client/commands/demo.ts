import type { Command } from 'commander';
import { readDataDir } from '../../platform/config.js';
import type { Connection } from '../../platform/connection-file.js';
import { gatehouseOn } from '../demo/command.js';
import { narrator, Unexpected, type Chapter, type Narrator } from '../demo/narrator.js';
import { demoPlace } from '../demo/place.js';
import { tellStory } from '../demo/story.js';
import { print } from '../output.js';
import { startStack, type Stack } from '../stack.js';
import { stopSignals } from '../stop-signals.js';
import { refusalOf } from '../verb.js';

interface Options {
  readonly exit?: boolean;
  readonly dataDir?: string;
  readonly json?: boolean;
}

type Out = (line: string) => void;

const INTERRUPTED = 130;
const BROKEN = 1;

/** Adds `demo`: the whole life of the example's versions, narrated, on a stack of its own. */
export function demoCommand(program: Command): void {
  program
    .command('demo')
    .description('show the whole life of the example models on a stack of its own, narrated, in about a minute and a half')
    .option('--exit', 'stop the stack and exit when the story is over, also in a terminal')
    .option('--data-dir <D>', 'where its folder "demo" is made anew (default: GATEHOUSE_DATA_DIR, else .gatehouse)')
    .option('--json', 'print one JSON document on stdout; the story goes to stderr')
    .addHelpText('after', '\nExample:\n  gatehouse demo --exit')
    .action(async (options: Options) => {
      await demo(options).catch((error: unknown) =>
        print({ document: {}, text: '', refusal: refusalOf(error) }, options.json === true),
      );
    });
}

async function demo({ exit = false, dataDir = readDataDir(), json = false }: Options): Promise<void> {
  const out: Out = (line) => void (json ? process.stderr : process.stdout).write(`${line}\n`);
  const stays = !exit && !json && process.stdout.isTTY;
  const place = demoPlace(dataDir);
  const { told, hurry } = stopSignals((line) => out(`\n${line}`));
  const started = Date.now();
  out(`Gatehouse demo in ${place}; it is made anew on each run.`);
  out('Starting PostgreSQL, Temporal and a worker; the very first time this can take longer.');
  const stack = await startUnlessTold(place, told, hurry);
  if (!stack) return out('\nStopped before the story began.');
  const over = new AbortController();
  const tell = narrator(gatehouseOn(place, AbortSignal.any([told, over.signal])), out);
  try {
    greet(tell, stack.connection, place, Date.now() - started);
    await beside(
      stack,
      tellStory(tell, { connection: stack.connection, dataDir: place, signal: AbortSignal.any([told, over.signal]) }),
    );
    farewell(tell, stack.connection, place, Date.now() - started);
    if (json)
      process.stdout.write(`${JSON.stringify(documentOf(stack.connection, place, tell.chapters, Date.now() - started))}\n`);
    if (stays) await stayUp(stack, told, out);
  } catch (error) {
    if (told.aborted) process.exitCode = INTERRUPTED;
    else if (error instanceof Unexpected) breakOff(error, place, json);
    else throw error;
  } finally {
    // A command that still waits for something would wait on after the story.
    over.abort();
    out('\nStopping the stack.');
    await stack.stop();
  }
}

async function startUnlessTold(place: string, told: AbortSignal, hurry: AbortSignal): Promise<Stack | undefined> {
  try {
    return await startStack({ dataDir: place, freePorts: true, fresh: true, signal: told, hurry });
  } catch (error) {
    if (!told.aborted) throw error;
    process.exitCode = INTERRUPTED;
    return undefined;
  }
}

/** The story, as long as the stack runs. */
async function beside(stack: Stack, story: Promise<void>): Promise<void> {
  const gone = stack.exited.then(() => Promise.reject(new Unexpected('the stack ended before the story did')));
  await Promise.race([story, gone]);
}

function greet(tell: Narrator, { temporal }: Connection, place: string, tookMs: number): void {
  tell.say(`ready after ${seconds(tookMs)} s; Temporal's UI: ${temporal.uiUrl}`);
  tell.say('Every command below is really run, each in a process of its own, as you could type it with');
  tell.say(`GATEHOUSE_DATA_DIR=${place}`);
}

function farewell(tell: Narrator, { temporal }: Connection, place: string, tookMs: number): void {
  tell.chapter(`Where to look now (the demo took ${seconds(tookMs)} s)`);
  tell.say(
    `Temporal's UI, a run for each attempt: ${temporal.uiUrl}/namespaces/${temporal.namespace}/workflows`,
    `The record, store and keys:            ${place}`,
    '',
    'To see it again:       gatehouse up --data-dir ' + place,
    'and beside it:         export GATEHOUSE_DATA_DIR=' + place,
    '                       gatehouse status',
    '                       gatehouse check --model-name alzheimer_classifier --version 1.3.0',
    '                       gatehouse history --model-name alzheimer_classifier',
    '                       gatehouse audit list --model-name alzheimer_classifier',
    'To do it yourself:     gatehouse up, then gatehouse register examples/alzheimer/packages/1.5.0 --approver E',
  );
}

async function stayUp(stack: Stack, told: AbortSignal, out: Out): Promise<void> {
  out('\n   The stack stays up to be looked at. Ctrl-C stops it.');
  const asked = new Promise<void>((done) => (told.aborted ? done() : told.addEventListener('abort', () => done())));
  await Promise.race([asked, stack.exited]);
  if (!told.aborted) throw new Unexpected('the stack ended unasked');
}

function breakOff({ message }: Unexpected, place: string, json: boolean): void {
  const next = `see the logs in ${place}/logs`;
  if (json)
    process.stdout.write(
      `${JSON.stringify({ ok: false, error: { code: BROKEN, what: message, given: null, allowed: null, next } })}\n`,
    );
  process.stderr.write(`${BROKEN}: the demo did not go as it should: ${message}; next: ${next}\n`);
  process.exitCode = BROKEN;
}

function documentOf(connection: Connection, dataDir: string, chapters: readonly Chapter[], tookMs: number) {
  return { ok: true, dataDir, uiUrl: connection.temporal.uiUrl, seconds: seconds(tookMs), chapters };
}

function seconds(ms: number): number {
  return Math.round(ms / 1000);
}
