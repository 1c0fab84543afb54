import type { Command } from 'commander';
import type { JsonValue } from '../../domain/canonical.js';
import type { Refusal } from '../../domain/refusal.js';
import { when } from '../../domain/times.js';
import { readConfig } from '../../platform/config.js';
import { readTrail, trailLength, type TrailEvent } from '../../platform/read/audit-trail.js';
import { verifyTrail, type TrailReport } from '../../platform/read/audit-verify.js';
import { modelNames } from '../../platform/read/versions.js';
import { Refused, type Outcome } from '../output.js';
import { modelName, openRecord, shown } from '../record.js';
import { lines } from '../show/marks.js';
import { brief, table } from '../table.js';
import { terminalOf } from '../terminal.js';
import { verb } from '../verb.js';

interface ListOptions {
  readonly modelName?: string;
  readonly limit?: string;
  readonly json?: boolean;
}

const SHOWN_TO_PEOPLE = 50;
const DETAIL_LENGTH = 90;

/** Adds `audit list` and `audit verify`. */
export function auditCommand(program: Command): void {
  const audit = program
    .command('audit')
    .description('read and verify the audit trail')
    .addHelpText('after', '\nExample:\n  gatehouse audit verify');
  verb(audit, 'list', 'show the events of the audit trail, oldest first', list)
    .option('--model-name <M>', 'only events of this model')
    .option('--limit <N>', `only the newest N events (default: ${SHOWN_TO_PEOPLE}, with --json all)`)
    .addHelpText('after', '\nExample:\n  gatehouse audit list --model-name alzheimer_classifier --limit 20');
  verb(
    audit,
    'verify',
    'recompute the hash chain and compare the record with it; exits with 3 when something does not hold',
    verify,
  ).addHelpText('after', '\nExample:\n  gatehouse audit verify --json');
}

async function list(options: ListOptions): Promise<Outcome> {
  const model = options.modelName === undefined ? undefined : modelName(options.modelName);
  const limit = options.limit === undefined ? (options.json ? undefined : SHOWN_TO_PEOPLE) : wholeNumber(options.limit);
  const { db, close } = await openRecord(readConfig());
  try {
    const known = model === undefined ? [] : await modelNames(db);
    if (model !== undefined && !known.includes(model)) {
      const allowed = `known: ${known.join(', ') || 'none yet'}`;
      throw new Refused({ kind: 'usage', what: `model ${shown(model)} is not registered`, allowed, next: 'gatehouse status' });
    }
    const events = await readTrail(db, { model, limit });
    return { document: { events }, text: listText(events, await trailLength(db), model) };
  } finally {
    await close();
  }
}

function wholeNumber(text: string): number {
  if (/^[1-9]\d{0,8}$/.test(text)) return Number(text);
  throw new Refused({
    kind: 'usage',
    what: '--limit',
    given: shown(text),
    allowed: 'a whole number from 1',
    next: 'write --limit 100',
  });
}

function listText(events: readonly TrailEvent[], all: number, model: string | undefined): string {
  const on = terminalOf();
  if (events.length === 0) return 'The audit trail has no events yet. Next: gatehouse register DIR --approver E';
  const rows = events.map((event) => [
    String(event.seq),
    when(event.at),
    event.action,
    event.actor,
    event.subject,
    inWords(event),
  ]);
  const of = model === undefined ? `The last ${events.length} of ${all} events` : `The last ${events.length} events of ${model}`;
  const newest = table(['NO', 'AT', 'ACTION', 'ACTOR', 'SUBJECT', 'DETAIL'], rows, on);
  return [newest, '', ...lines('', `${of}; --limit shows more, --json all.`, on)].join('\n');
}

/** What matters of an event at a glance; `--json` has all of it. */
function inWords({ detail }: TrailEvent): string {
  const { refusal, gate, from, to, reason, comment } = detail;
  const step = from !== undefined && to !== undefined ? `${plain(from ?? 'none')} → ${plain(to)}` : undefined;
  const parts = [(refusal as { what?: JsonValue } | undefined)?.what, gate, step, reason, comment];
  const told = parts.filter((part): part is string => typeof part === 'string' && part !== '');
  const rest = Object.entries(detail).filter(
    ([name, value]) => name !== 'envelope' && value !== null && typeof value !== 'object',
  );
  return brief((told.length > 0 ? told : rest.map(([name, value]) => `${name} ${plain(value)}`)).join('; '), DETAIL_LENGTH);
}

function plain(value: JsonValue): string {
  return typeof value === 'string' ? value : JSON.stringify(value);
}

async function verify(): Promise<Outcome> {
  const { db, close } = await openRecord(readConfig());
  try {
    const report = await verifyTrail(db);
    const outcome = { document: report, text: verdictText(report) };
    return report.ok ? outcome : { ...outcome, refusal: refusalOf(report) };
  } finally {
    await close();
  }
}

function verdictText({ ok, events, head, unbacked, why, firstBroken }: TrailReport): string {
  const on = terminalOf();
  const chain = `${events} event${events === 1 ? '' : 's'}, head ${head}`;
  const backed =
    'What the trail speaks of is on the record as it says. A trail rewritten as a whole shows only beside a head kept elsewhere.';
  if (ok) return [...lines('', `The audit trail holds: ${chain}.`, on), ...lines('', backed, on)].join('\n');
  if (firstBroken !== null) {
    return lines('', `The audit trail is broken at event ${firstBroken}: ${why}. Up to there it holds: ${chain}.`, on).join('\n');
  }
  const rows = unbacked.map((each) => [each]);
  const but = lines('', `The chain holds (${chain}), but not all of the record is backed:`, on);
  return [...but, table(['UNBACKED'], rows, on)].join('\n');
}

function refusalOf({ firstBroken, why, unbacked }: TrailReport): Refusal {
  const next = 'compare with a backup, and keep this database as it is';
  if (firstBroken !== null) return { kind: 'rule', what: `the audit trail is broken at event ${firstBroken}: ${why}`, next };
  const more = unbacked.length > 1 ? ` (and ${unbacked.length - 1} more)` : '';
  return { kind: 'rule', what: `not backed by the audit trail: ${unbacked[0]}${more}`, next };
}
