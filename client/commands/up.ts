import type { Command } from 'commander';
import { readDataDir } from '../../platform/config.js';
import { dataDirPaths, type Connection } from '../../platform/connection-file.js';
import { print, type Outcome } from '../output.js';
import { AlreadyRuns, startStack, type Stack } from '../stack.js';
import { stopSignals } from '../stop-signals.js';
import { refusalOf } from '../verb.js';

/** Adds `up`: the embedded stack with worker and UI, until Ctrl-C. */
export function upCommand(program: Command): void {
  program
    .command('up')
    .description(
      'start the embedded stack (PostgreSQL, Temporal with its UI, a worker, a serving endpoint) and keep it running until Ctrl-C',
    )
    .option('--data-dir <D>', 'where everything is kept (default: GATEHOUSE_DATA_DIR, else .gatehouse)')
    .option('--json', 'print the addresses as one JSON document on stdout when ready; progress goes to stderr')
    .action(async ({ dataDir = readDataDir(), json = false }: { dataDir?: string; json?: boolean }) => {
      await up(dataDir, json).catch((error: unknown) => print({ document: {}, text: '', refusal: refusalOf(error) }, json));
    });
}

async function up(dataDir: string, json: boolean): Promise<void> {
  const show = (line: string): void => void (json ? process.stderr : process.stdout).write(`${line}\n`);
  const { told, hurry } = stopSignals(show);
  let stack: Stack;
  try {
    stack = await startStack({ dataDir, onLine: show, signal: told, hurry });
  } catch (error) {
    if (told.aborted) return;
    if (error instanceof AlreadyRuns) return print(whereItRuns(dataDir, error), json);
    throw error;
  }
  print(addresses(dataDir, stack.connection), json);
  const asked = new Promise<void>((done) => (told.aborted ? done() : told.addEventListener('abort', () => done())));
  await Promise.race([asked, stack.exited]);
  await stack.stop();
  if (told.aborted) return;
  const refusal = {
    kind: 'away',
    what: 'the stack ended unasked',
    next: `see the logs in ${dataDirPaths(dataDir).logs}`,
  } as const;
  print({ document: {}, text: '', refusal }, false);
}

/** What a script needs of the stack that runs already, with the refusal of another one. */
function whereItRuns(dataDir: string, { refusal, runs: { pid, connection } }: AlreadyRuns): Outcome {
  const known = connection ? addresses(dataDir, connection).document : { dataDir: dataDirPaths(dataDir).root };
  return { document: { ...known, pid }, text: '', refusal };
}

function addresses(dataDir: string, { temporal, readUrl, people, environment, sinks, serving }: Connection): Outcome {
  const url = new URL(readUrl);
  url.password = '';
  const postgres = url.href;
  const width = Math.max(0, ...people.map(({ email }) => email.length));
  const text = [
    '',
    `  UI          ${temporal.uiUrl}`,
    `  Temporal    ${temporal.address}, namespace ${temporal.namespace}`,
    `  PostgreSQL  ${postgres}`,
    ...(serving ? [`  Serving     ${serving.url}`] : []),
    `  Messages    mail, Slack and PagerDuty arrive in ${dataDirPaths(dataDir).sinks}`,
    '  People',
    ...people.map(({ email, name, groups }) => `    ${email.padEnd(width)}  ${name} (${groups.join(', ')})`),
    '',
    'Ctrl-C stops it.',
  ].join('\n');
  const { root } = dataDirPaths(dataDir);
  const document = { environment, dataDir: root, temporal, postgres, people, sinks, ...(serving && { serving }) };
  return { document, text };
}
