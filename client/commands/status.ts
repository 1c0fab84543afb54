import type { Command } from 'commander';
import { readConfig } from '../../platform/config.js';
import { readStatus, type AttemptStatus, type Status, type VersionStatus } from '../../platform/read/status.js';
import { modelNames } from '../../platform/read/versions.js';
import { printable, Refused, type Outcome } from '../output.js';
import { findVersion, modelName, openRecord, shown, versionName, type RecordReader } from '../record.js';
import { bar, brief, lasting, table, when } from '../table.js';
import { verb } from '../verb.js';

interface Options {
  readonly modelName?: string;
  readonly version?: string;
}

const NOTE_LENGTH = 80;

/** Where Temporal's UI shows a run, when the UI is known. */
type LinkTo = (workflowId: string) => string | null;

/** Adds `status`: stages, soak progress and gates. */
export function statusCommand(program: Command): void {
  verb(program, 'status', 'show stages, soak progress and gates', status)
    .option('--model-name <M>', 'only this model')
    .option('--version <V>', 'only this version')
    .addHelpText('after', '\nExample:\n  gatehouse status --model-name alzheimer_classifier');
}

async function status(options: Options): Promise<Outcome> {
  const model = options.modelName === undefined ? undefined : modelName(options.modelName);
  const version = options.version === undefined ? undefined : versionName(options.version);
  const config = readConfig();
  const record = await openRecord(config);
  try {
    const found = await readStatus(record.db, { model, version });
    if (found.models.length === 0) await mustBeEmpty(record, model, version);
    const { uiUrl, namespace } = config.temporal;
    const linkTo: LinkTo = (id) => (uiUrl ? `${uiUrl}/namespaces/${namespace}/workflows/${encodeURIComponent(id)}` : null);
    return { document: found, text: textOf(found, linkTo) };
  } finally {
    await record.close();
  }
}

/** Nothing found is an answer only where nothing was named. */
async function mustBeEmpty({ db }: RecordReader, model?: string, version?: string): Promise<void> {
  if (model !== undefined && version !== undefined) await findVersion(db, { model, version });
  const named = model === undefined ? version && `version ${shown(version)}` : `model ${shown(model)}`;
  if (named === undefined) return;
  const known = (await modelNames(db)).join(', ') || 'none yet';
  throw new Refused({
    kind: 'usage',
    what: `${named} is not registered`,
    allowed: `known models: ${known}`,
    next: 'gatehouse status',
  });
}

function textOf({ models, asOf }: Status, linkTo: LinkTo): string {
  if (models.length === 0) {
    return 'Nothing is registered yet. Next: gatehouse register DIR --approver E, where DIR holds model.yaml; or gatehouse demo.';
  }
  const parts = models.map(({ model, production, versions }) => {
    const heading = `${model}: ${production === null ? 'nothing in production' : `${production} in production`}`;
    const rows = versions.map((version) => [version.version, version.stage, when(since(version)), noteOn(version)]);
    const open = versions.filter(
      ({ promotion }) => promotion && ['validating', 'staging', 'production'].includes(promotion.state),
    );
    const attempts = open.map(({ version, promotion }) => attemptText(version, promotion as AttemptStatus, linkTo));
    return [heading, table(['VERSION', 'STAGE', 'SINCE', 'NOTE'], rows), ...attempts].join('\n');
  });
  return `${parts.join('\n\n')}\n\nas of ${when(asOf)}`;
}

function since({ stage, registeredAt, stagedAt, promotedAt, deprecatedAt, promotion }: VersionStatus): string {
  switch (stage) {
    case 'registered':
      return registeredAt;
    case 'validating':
      return promotion?.requestedAt ?? registeredAt;
    case 'staging':
      return stagedAt ?? registeredAt;
    case 'production':
      return promotedAt ?? registeredAt;
    case 'archived':
    case 'deleted':
      return deprecatedAt ?? registeredAt;
    default:
      return promotion?.endedAt ?? registeredAt;
  }
}

function noteOn({ stage, retentionUntil, promotion }: VersionStatus): string {
  if (!promotion) return 'next: gatehouse promote';
  const relaxed = promotion.relaxed.length > 0 ? [`relaxed: ${promotion.relaxed.join(', ')}`] : [];
  const kept = stage === 'archived' && retentionUntil !== null ? [`kept until ${when(retentionUntil)} at least`] : [];
  const ended = promotion.endReason === null ? [] : [promotion.endReason];
  return brief([...relaxed, ...ended, ...kept].join('; '), NOTE_LENGTH);
}

function attemptText(version: string, attempt: AttemptStatus, linkTo: LinkTo): string {
  const { state, soak, gates, waitingFor, workflowId, requestedBy } = attempt;
  const link = linkTo(workflowId);
  const lines = [`${version} ${state}, asked for by ${requestedBy}`];
  if (soak && state === 'staging') {
    const left =
      soak.earned >= soak.min ? 'the minimum is over' : `the minimum is over ${when(soak.minEndsAt)} if it stays healthy`;
    lines.push(
      `  soak   ${bar(soak.earned, soak.min)}  ${lasting(Math.min(soak.earned, soak.min))} of ${lasting(soak.min)} healthy${soak.paused ? ', paused' : ''}`,
    );
    lines.push(`         ${left}; the attempt ends ${when(soak.maxEndsAt)}`);
  }
  if (state !== 'validating') {
    for (const { gate, state: is, by, at, group } of gates) {
      const who = by && at ? ` by ${by}, ${when(at)}` : `, waits for group ${group}`;
      lines.push(`  gate   ${gate.padEnd(12)}  ${is}${who}`);
    }
  }
  if (waitingFor.length > 0) lines.push(`  waits for ${waitingFor.join(', ')}`);
  if (link) lines.push(`  ${link}`);
  return `\n${lines.map((line) => `  ${printable(line)}`).join('\n')}`;
}
