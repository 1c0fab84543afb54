import { CommanderError, type Command } from 'commander';
import { ConfigError } from '../platform/config.js';
import type { Refusal } from '../domain/refusal.js';
import { print, Refused, type Outcome } from './output.js';

/** Adds a verb with `--json`; `work` gets the parsed options and arguments, and its outcome is printed. */
export function verb<Options extends object>(
  parent: Command,
  name: string,
  description: string,
  work: (options: Options, ...args: string[]) => Promise<Outcome>,
): Command {
  return parent
    .command(name)
    .description(description)
    .option('--json', 'print one JSON document on stdout')
    .action(async (...given: unknown[]) => {
      const command = given.at(-1) as Command;
      const options = command.opts<Options & { json?: boolean }>();
      const outcome = await work(options, ...command.args).catch((error: unknown) => ({
        document: {},
        text: '',
        refusal: refusalOf(error),
      }));
      print(outcome, options.json === true);
    });
}

/** What an error means to the person at the terminal; anything unforeseen is a dependency that is away or a bug, and says so. */
export function refusalOf(error: unknown): Refusal {
  if (error instanceof Refused || error instanceof ConfigError) return error.refusal;
  if (error instanceof CommanderError) return { kind: 'usage', what: error.message.replace(/^error: /, ''), next: 'see --help' };
  return awayRefusal(error);
}

function awayRefusal(error: unknown): Refusal {
  const { code, message } = error as { code?: unknown; message?: string };
  if (code === '42501') return { kind: 'identity', what: 'this login may not do that', given: message ?? '' };
  return { kind: 'away', what: message || String(code ?? error), next: 'check that the stack is up: gatehouse up' };
}
