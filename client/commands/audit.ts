import type { Command } from 'commander';
import type { JsonValue } from '../../domain/canonical.js';
import { when } from '../../domain/times.js';
import { readConfig } from '../../platform/config.js';
import { readTrail, trailLength, type TrailEvent } from '../../platform/read/audit-trail.js';
import { modelNames } from '../../platform/read/versions.js';
import { checkpoint, CHECKPOINT_EXAMPLE } from '../audit/checkpoint.js';
import { exportPromotion, EXPORT_EXAMPLE } from '../audit/export.js';
import { verify, VERIFY_EXAMPLE } from '../audit/verify.js';
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

/** Adds `audit list`, `audit verify`, `audit checkpoint` and `audit export`. */
export function auditCommand(program: Command): void {
  const audit = program
    .command('audit')
    .description('read, verify, vouch for and export the audit trail')
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
  )
    .option('--checkpoint <FILE>', 'hold the trail against a checkpoint that was kept elsewhere as well')
    .addHelpText('after', VERIFY_EXAMPLE);
  verb(
    audit,
    'checkpoint',
    'verify the trail and sign for it as it is now; keep the file where nobody here can reach',
    checkpoint,
  )
    .requiredOption('--approver <E>', 'who vouches for it, and whose key signs')
    .option('--out <FILE>', 'where to write the checkpoint; a file that is there stays (default: stdout)')
    .option('--mail <TO[,TO]>', 'whom to send it to by e-mail, besides --out or instead of it')
    .addHelpText('after', CHECKPOINT_EXAMPLE);
  verb(audit, 'export', 'write one promotion as a bundle that docs/verify-bundle.mjs verifies alone', exportPromotion)
    .requiredOption('--model-name <M>', 'the model')
    .requiredOption('--version <V>', 'the version')
    .option('--attempt <N>', 'which attempt (default: the newest)')
    .option('--out <FILE>', 'where to write the bundle; a file that is there stays (default: stdout)')
    .addHelpText('after', EXPORT_EXAMPLE);
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
  const { refusal, gate, from, to, reason, comment, condition, severity, what, step: taken, outcome } = detail;
  const step = from !== undefined && to !== undefined ? `${plain(from ?? 'none')} → ${plain(to)}` : undefined;
  const incident =
    what !== undefined && condition !== undefined ? `${plain(condition)} ${plain(severity ?? '')}: ${plain(what)}` : undefined;
  const followed = taken !== undefined && outcome !== undefined ? `${plain(taken)} ${plain(outcome)}` : undefined;
  const parts = [(refusal as { what?: JsonValue } | undefined)?.what, gate, step, incident, followed, reason, comment];
  const told = parts.filter((part): part is string => typeof part === 'string' && part !== '');
  const rest = Object.entries(detail).filter(
    ([name, value]) => name !== 'envelope' && value !== null && typeof value !== 'object',
  );
  return brief((told.length > 0 ? told : rest.map(([name, value]) => `${name} ${plain(value)}`)).join('; '), DETAIL_LENGTH);
}

function plain(value: JsonValue): string {
  return typeof value === 'string' ? value : JSON.stringify(value);
}
