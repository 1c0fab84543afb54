import type { Command } from 'commander';
import { databaseNow } from '../../platform/audit.js';
import { readConfig, type ClientConfig } from '../../platform/config.js';
import { readStatus } from '../../platform/read/status.js';
import { modelNames, type VersionFilter } from '../../platform/read/versions.js';
import { Refused, type Outcome } from '../output.js';
import { pastOf } from '../past.js';
import { findModel, findVersion, modelName, openRecord, shown, versionName, type RecordReader } from '../record.js';
import type { LinkTo } from '../show/attempt.js';
import { statusLines } from '../show/status.js';
import { terminalOf } from '../terminal.js';
import { verb } from '../verb.js';

interface Options {
  readonly modelName?: string;
  readonly version?: string;
  readonly at?: string;
  readonly watch?: boolean;
  readonly json?: boolean;
}

const HELP = `
--watch draws over itself once a second, until Ctrl-C. Where the output is no terminal it prints one block for each change
instead, and with --json one JSON document on one line for each change (NDJSON). A change is anything but the clock; the soak
counts by whole per cent, and what the watch sees by how bad it is.

--at shows what the audit trail says of a moment of the past, its hash chain verified up to there: a time with its zone, a date
(until its end in UTC), or an event by its number. What is on no event is null with --json: how far checks and health were, what
was waited for and from whom, and follow-ups.

Examples:
  gatehouse status --model-name alzheimer_classifier
  gatehouse status --at 2026-11-28T09:00:00+01:00
  gatehouse status --at '#123' --json`;

/** Adds `status`: stages, soak progress, gates, the watch and open incidents. */
export function statusCommand(program: Command): void {
  verb(program, 'status', 'show stages, soak progress, gates, and how what is in production does', status)
    .option('--model-name <M>', 'only this model')
    .option('--version <V>', 'only this version')
    .option('--at <TIME>', 'as it was then, from the audit trail: 2026-11-28T09:00:00Z, 2026-11-28 or #123')
    .option('--watch', 'show it again and again until Ctrl-C')
    .addHelpText('after', HELP);
}

async function status(options: Options): Promise<Outcome> {
  const model = options.modelName === undefined ? undefined : modelName(options.modelName);
  const version = options.version === undefined ? undefined : versionName(options.version);
  if (options.at !== undefined && options.watch) throw new Refused(notBoth);
  const config = readConfig();
  if (options.watch) return await watchStatus(config, { model, version }, options.json === true);
  const record = await openRecord(config);
  try {
    if (options.at !== undefined) return await statusThen(record.db, { model, version }, options.at, linkTo(config));
    const found = await readStatus(record.db, { model, version });
    if (found.models.length === 0) await mustBeEmpty(record.db, { model, version });
    return { document: found, text: statusLines(found, terminalOf(), linkTo(config)).join('\n') };
  } finally {
    await record.close();
  }
}

const notBoth = {
  kind: 'usage',
  what: '--at and --watch',
  allowed: 'one of them',
  next: 'what is over does not change',
} as const;

async function statusThen(db: RecordReader['db'], filter: VersionFilter, at: string, link: LinkTo): Promise<Outcome> {
  const { readStatusAt } = await import('../../platform/read/status-at.js');
  const found = await readStatusAt(db, filter, pastOf(at, await databaseNow(db)));
  if ('refusal' in found) throw new Refused(found.refusal);
  if (found.models.length === 0 && (filter.model ?? filter.version) !== undefined) {
    const { model, version } = filter;
    if (model !== undefined && version !== undefined) await findVersion(db, { model, version });
    else if (model !== undefined) await findModel(db, model);
    const what = `${[model, version].filter(Boolean).join(' ')} was not registered yet at ${found.asOf}`;
    throw new Refused({ kind: 'usage', what, next: 'gatehouse audit list' });
  }
  return { document: found, text: statusLines(found, terminalOf(), link).join('\n') };
}

async function watchStatus(config: ClientConfig, filter: VersionFilter, json: boolean): Promise<Outcome> {
  const [{ watch }, { lookingAt }] = await Promise.all([import('../watching.js'), import('../looking.js')]);
  const looking = lookingAt(config, filter, (db) => mustBeEmpty(db, filter));
  await watch(looking, { json, lines: (found, on) => statusLines(found, on, linkTo(config)) });
  return { document: null, text: '' };
}

function linkTo({ temporal: { uiUrl, namespace } }: ClientConfig): LinkTo {
  return (id) => (uiUrl ? `${uiUrl}/namespaces/${namespace}/workflows/${encodeURIComponent(id)}` : null);
}

/** Nothing found is an answer only where nothing was named. */
async function mustBeEmpty(db: RecordReader['db'], { model, version }: VersionFilter): Promise<void> {
  if (model !== undefined && version !== undefined) await findVersion(db, { model, version });
  if (model !== undefined) await findModel(db, model);
  if (version === undefined) return;
  const allowed = `a version of ${(await modelNames(db)).join(', ') || 'a model; none is registered yet'}`;
  throw new Refused({ kind: 'usage', what: `version ${shown(version)} is not registered`, allowed, next: 'gatehouse status' });
}
