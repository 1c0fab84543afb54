#!/usr/bin/env node
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Command, CommanderError } from 'commander';
import { closest } from 'fastest-levenshtein';
import type { Refusal } from '../domain/refusal.js';
import type { actCommand } from './commands/acts.js';
import { packageRoot } from '../platform/entry.js';
import { print, Refused } from './output.js';
import { shown } from './record.js';
import { refusalOf } from './verb.js';

interface Verb {
  readonly does: string;
  readonly load: () => Promise<(program: Command) => void>;
}

/** Every finished verb, in the order of `--help`; only the one that is asked for is loaded. */
const VERBS: Readonly<Record<string, Verb>> = {
  up: { does: 'start the embedded stack and keep it running', load: async () => (await import('./commands/up.js')).upCommand },
  demo: { does: 'show the whole life of a model, narrated', load: async () => (await import('./commands/demo.js')).demoCommand },
  register: { does: 'register a model version', load: async () => (await import('./commands/register.js')).registerCommand },
  'feature-view': {
    does: 'register a feature view',
    load: async () => (await import('./commands/feature-view.js')).featureViewCommand,
  },
  dataset: { does: 'register a data set', load: async () => (await import('./commands/dataset.js')).datasetCommand },
  policy: { does: 'check, register and show policies', load: async () => (await import('./commands/policy.js')).policyCommand },
  promote: {
    does: 'ask for the next stage of a version',
    load: async () => (await import('./commands/promote.js')).promoteCommand,
  },
  check: {
    does: 'say what a version still needs for production',
    load: async () => (await import('./commands/check.js')).checkCommand,
  },
  approve: { does: 'approve a version at a gate', load: async () => (await import('./commands/decide.js')).approveCommand },
  reject: { does: 'reject a version at a gate', load: async () => (await import('./commands/decide.js')).rejectCommand },
  retract: { does: 'take an approval back', load: async () => (await import('./commands/decide.js')).retractCommand },
  extend: actVerb('extend', 'move the end of a soak'),
  pause: actVerb('pause', 'stop a soak'),
  resume: actVerb('resume', 'let a paused soak go on'),
  withdraw: actVerb('withdraw', 'end your own attempt'),
  repin: actVerb('repin', 'pin the newest policy to a version in staging'),
  'break-glass': {
    does: 'skip a wait, as one of two people',
    load: async () => (await import('./commands/break-glass.js')).breakGlassCommand,
  },
  freeze: {
    does: 'hold promotions to production back',
    load: async () => (await import('./commands/freeze.js')).freezeCommand,
  },
  hold: {
    does: 'stop serving a model at once, with or without the record',
    load: async () => (await import('./commands/hold.js')).holdCommand,
  },
  rollback: {
    does: 'take production back to a version that was there before',
    load: async () => (await import('./commands/rollback.js')).rollbackCommand,
  },
  release: actVerb('release', 'let a quarantined version go'),
  retire: actVerb('retire', 'take a version out of production'),
  resolve: {
    does: 'say which version may be loaded in a stage',
    load: async () => (await import('./commands/resolve.js')).resolveCommand,
  },
  people: {
    does: 'make keys, enrol, list and revoke people',
    load: async () => (await import('./commands/people.js')).peopleCommand,
  },
  pending: { does: 'list what waits, and for whom', load: async () => (await import('./commands/pending.js')).pendingCommand },
  status: { does: 'show stages, soak and gates', load: async () => (await import('./commands/status.js')).statusCommand },
  history: {
    does: 'show what was in production, and when',
    load: async () => (await import('./commands/history.js')).historyCommand,
  },
  audit: {
    does: 'list, verify, vouch for and export the audit trail',
    load: async () => (await import('./commands/audit.js')).auditCommand,
  },
  clock: { does: 'move the clock on, outside production', load: async () => (await import('./commands/clock.js')).clockCommand },
  doctor: {
    does: 'say what is wrong here, and how to mend it',
    load: async () => (await import('./commands/doctor.js')).doctorCommand,
  },
  notify: {
    does: 'try the channels over which people are told',
    load: async () => (await import('./commands/notify.js')).notifyCommand,
  },
  worker: { does: 'run a worker', load: async () => (await import('./commands/worker.js')).workerCommand },
  migrate: {
    does: "bring the record's schema up to date",
    load: async () => (await import('./commands/migrate.js')).migrateCommand,
  },
};

function actVerb(act: Parameters<typeof actCommand>[0], does: string): Verb {
  return { does, load: async () => (await import('./commands/acts.js')).actCommand(act) };
}

const FIRST_STEPS = `
First steps:
  gatehouse up                 the stack, in a terminal of its own
  gatehouse promote --help     what a verb takes, with an example

Exit codes: 0 done, 2 bad input, 3 refused by rule, 4 identity or signature, 5 conflict, 6 something is away.`;

async function run(words: readonly string[]): Promise<void> {
  const program = new Command('gatehouse')
    .description('takes model versions to production, through checks, a soak and four signed approvals')
    .version(version(), '-V, --version', 'print the version')
    .helpOption('-h, --help', 'show this help')
    .enablePositionalOptions()
    .exitOverride()
    .configureOutput({ writeErr: () => undefined })
    .addHelpText('after', FIRST_STEPS);
  const asked = words.filter((word) => !word.startsWith('-') && word !== 'help')[0];
  const loaded = asked !== undefined && !words[0]?.startsWith('-') ? await verbNamed(asked) : undefined;
  for (const [name, { does }] of Object.entries(VERBS)) {
    if (name === asked && loaded) loaded(program);
    else program.command(name).description(does);
  }
  refuseSecondValues(program);
  if (words.length === 0) program.outputHelp();
  else await program.parseAsync(words, { from: 'user' });
}

function version(): string {
  return (JSON.parse(readFileSync(join(packageRoot(), 'package.json'), 'utf8')) as { version: string }).version;
}

async function verbNamed(name: string): Promise<(program: Command) => void> {
  if (Object.hasOwn(VERBS, name)) return await (VERBS[name] as Verb).load();
  const names = Object.keys(VERBS);
  const next = `did you mean ${closest(name.slice(0, 64), names)}? see gatehouse --help`;
  throw new Refused({ kind: 'usage', what: 'no such verb', given: shown(name), allowed: names.join(', '), next });
}

/** A flag given twice with two values means that somebody is mistaken about one of them; commander would take the last. */
function refuseSecondValues(command: Command): void {
  for (const option of command.options) {
    let first: string | null | undefined;
    command.on(`option:${option.name()}`, (value: string | null) => {
      if (first !== undefined && first !== value) {
        const given = `${shown(first ?? '')} and ${shown(value ?? '')}`;
        throw new Refused({
          kind: 'usage',
          what: `${option.long} is given twice`,
          given,
          allowed: 'one value',
          next: 'leave one out',
        });
      }
      first = value;
    });
  }
  command.commands.forEach(refuseSecondValues);
}

/** What commander has to say, in our one line; undefined when it only showed what it was asked for. */
function usageRefusal(error: CommanderError, words: readonly string[]): Refusal | undefined {
  if (error.exitCode === 0) return undefined;
  const asked = words[0]?.startsWith('-') ? '' : (words[0] ?? '');
  const next = `see ${['gatehouse', asked, '--help'].filter(Boolean).join(' ')}`;
  if (error.code === 'commander.help') return { kind: 'usage', what: `${asked} needs to be told what to do`, next };
  return { kind: 'usage', what: error.message.replace(/^error: /, '').replace(/\s+/g, ' '), next };
}

process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code === 'EPIPE') process.exit(process.exitCode ?? 0);
});

const words = process.argv.slice(2);
await run(words).catch((error: unknown) => {
  const refusal = error instanceof CommanderError ? usageRefusal(error, words) : refusalOf(error);
  if (refusal) print({ document: {}, text: '', refusal }, words.includes('--json'));
});
// What still hangs on a server that does not answer must not hold up the shell.
process.stdout.write('', () => process.exit());
