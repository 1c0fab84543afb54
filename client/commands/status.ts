import type { Command } from 'commander';
import { readConfig, type ClientConfig } from '../../platform/config.js';
import { readStatus } from '../../platform/read/status.js';
import { modelNames, type VersionFilter } from '../../platform/read/versions.js';
import { Refused, type Outcome } from '../output.js';
import { findModel, findVersion, modelName, openRecord, shown, versionName, type RecordReader } from '../record.js';
import type { LinkTo } from '../show/attempt.js';
import { statusLines } from '../show/status.js';
import { terminalOf } from '../terminal.js';
import { verb } from '../verb.js';

interface Options {
  readonly modelName?: string;
  readonly version?: string;
  readonly watch?: boolean;
  readonly json?: boolean;
}

const HELP = `
--watch draws over itself once a second, until Ctrl-C. Where the output is no terminal it prints one block for each change
instead, and with --json one JSON document on one line for each change (NDJSON). A change is anything but the clock; the soak
counts by whole per cent.

Example:
  gatehouse status --model-name alzheimer_classifier`;

/** Adds `status`: stages, soak progress and gates. */
export function statusCommand(program: Command): void {
  verb(program, 'status', 'show stages, soak progress and gates', status)
    .option('--model-name <M>', 'only this model')
    .option('--version <V>', 'only this version')
    .option('--watch', 'show it again and again until Ctrl-C')
    .addHelpText('after', HELP);
}

async function status(options: Options): Promise<Outcome> {
  const model = options.modelName === undefined ? undefined : modelName(options.modelName);
  const version = options.version === undefined ? undefined : versionName(options.version);
  const config = readConfig();
  if (options.watch) return await watchStatus(config, { model, version }, options.json === true);
  const record = await openRecord(config);
  try {
    const found = await readStatus(record.db, { model, version });
    if (found.models.length === 0) await mustBeEmpty(record.db, { model, version });
    return { document: found, text: statusLines(found, terminalOf(), linkTo(config)).join('\n') };
  } finally {
    await record.close();
  }
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
