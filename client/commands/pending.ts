import type { Command } from 'commander';
import { closest } from 'fastest-levenshtein';
import { GATES } from '../../domain/policy.js';
import { when } from '../../domain/times.js';
import { readConfig } from '../../platform/config.js';
import type { Person } from '../../platform/people.js';
import { readPending, type PendingGate } from '../../platform/read/pending.js';
import { Refused, type Outcome } from '../output.js';
import { openRecord, shown } from '../record.js';
import { lines } from '../show/marks.js';
import { table } from '../table.js';
import { terminalOf } from '../terminal.js';
import { verb } from '../verb.js';

interface Options {
  readonly approver?: string;
  readonly gate?: string;
}

/** Adds `pending`: the gates that wait, and for whom. */
export function pendingCommand(program: Command): void {
  verb(program, 'pending', 'show the gates that wait for a decision, and whose', pending)
    .option('--approver <E>', 'only gates that this person can decide')
    .option('--gate <G>', `only this gate: ${GATES.join(', ')}`)
    .addHelpText('after', '\nExample:\n  gatehouse pending --gate security');
}

async function pending({ approver, gate }: Options): Promise<Outcome> {
  if (gate !== undefined) mustBeGate(gate);
  const record = await openRecord(readConfig());
  try {
    const { people, pending: all } = await readPending(record.db);
    const person = approver === undefined ? undefined : personNamed(approver, people);
    const found = all.filter(
      (each) => (gate === undefined || each.gate === gate) && (!person || each.who.includes(person.email)),
    );
    return { document: { pending: found }, text: textOf(found, { gate, person }) };
  } finally {
    await record.close();
  }
}

function mustBeGate(gate: string): void {
  if (GATES.some((each) => each === gate)) return;
  const next = `did you mean ${closest(gate, [...GATES])}?`;
  throw new Refused({ kind: 'usage', what: '--gate', given: shown(gate), allowed: GATES.join(', '), next });
}

function personNamed(approver: string, people: readonly Person[]): Person {
  const person = people.find(({ email }) => email === approver.trim().toLowerCase());
  if (person && !person.revoked) return person;
  const what = person ? `the key of ${person.email} was revoked` : `${shown(approver)} is not enrolled`;
  throw new Refused({ kind: 'identity', what, allowed: 'an enrolled person', next: 'check --approver' });
}

function textOf(
  found: readonly PendingGate[],
  { gate, person }: { gate: string | undefined; person: Person | undefined },
  on = terminalOf(),
): string {
  if (found.length === 0) {
    const which = [gate && `gate ${gate}`, person && `for ${person.email}`].filter(Boolean).join(' ');
    const nothing = `Nothing is pending${which && ` at ${which}`.replace('at for', 'for')}.`;
    return lines('', `${nothing} Gates open when a version enters staging. Next: gatehouse status`, on).join('\n');
  }
  const rows = found.map(({ model, version, gate: waits, state, asks, since, dueAt, who, group }) => {
    const row = [`${model} ${version}`, state === 'void' ? `${waits} (approval void)` : waits, asks, when(since), when(dueAt)];
    return person ? row : [...row, who.length > 0 ? who : `nobody left in ${group}`];
  });
  const headings = ['VERSION', 'GATE', 'ASKS', 'SINCE', 'DUE', ...(person ? [] : ['WHO'])];
  const [{ model, version, gate: first }] = found as [PendingGate];
  const example = `gatehouse approve --model-name ${model} --version ${version} --gate ${first} --approver ${person?.email ?? 'E'}`;
  return [table(headings, rows, on), '', ...lines('Next: ', example, on)].join('\n');
}
