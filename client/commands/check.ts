import type { Command } from 'commander';
import type { Condition } from '../../domain/eligibility.js';
import type { VersionName } from '../../domain/ids.js';
import type { Stage } from '../../domain/progress.js';
import type { Refusal } from '../../domain/refusal.js';
import { readConfig } from '../../platform/config.js';
import { readCheck, type Check } from '../../platform/read/check.js';
import { Refused, type Outcome } from '../output.js';
import { mustBeNew, writeOut } from '../out-file.js';
import { findVersion, modelName, openRecord, shown, versionName, type RecordReader } from '../record.js';
import { checkLines, verdictOf } from '../show/check.js';
import { lines } from '../show/marks.js';
import { terminalOf } from '../terminal.js';
import { verb } from '../verb.js';

interface Options {
  readonly modelName: string;
  readonly version: string;
  readonly out?: string;
}

/** Adds `check`: every condition for production, who can meet it, and the earliest possible moment. */
export function checkCommand(program: Command): void {
  verb(
    program,
    'check',
    'show every condition for production: what is met, who can meet the rest, and when at the earliest',
    check,
  )
    .requiredOption('--model-name <M>', 'the model')
    .requiredOption('--version <V>', 'the version')
    .option(
      '--out <FILE>',
      'write the evidence page as well: one HTML file, to decide from and to keep; a file that is there stays',
    )
    .addHelpText('after', '\nExits with 0 when the version is eligible, with 3 when it is not.')
    .addHelpText('after', '\nExample:\n  gatehouse check --model-name alzheimer_classifier --version 1.2.0 --out evidence.html');
}

/** The path a page is to be written to; throws a Refused (2) unless it ends in `.html`. */
function pagePath(given: string): string {
  if (/[^/\\]\.html$/.test(given) && !given.includes('\0')) return given;
  const next = 'name the page evidence.html';
  throw new Refused({ kind: 'usage', what: '--out', given: shown(given), allowed: 'a file that ends in .html', next });
}

async function check(options: Options): Promise<Outcome> {
  const of = { model: modelName(options.modelName), version: versionName(options.version) };
  const out = options.out === undefined ? undefined : pagePath(options.out);
  await mustBeNew(out);
  const record = await openRecord(readConfig());
  try {
    await findVersion(record.db, of);
    if (out !== undefined) return await checkWithPage(record, of, out);
    return outcomeOf((await readCheck(record.db, of)) ?? noPolicy(of));
  } finally {
    await record.close();
  }
}

/** The same with the evidence page of the newest attempt, both of one moment. */
async function checkWithPage({ db }: RecordReader, of: VersionName, path: string): Promise<Outcome> {
  // Drawing is loaded where something is drawn, and nowhere else.
  const { readEvidence } = await import('../../platform/read/evidence.js');
  const { evidencePage } = await import('../../platform/page/evidence-page.js');
  const { check: found, evidence } = (await readEvidence(db, of)) ?? noPolicy(of);
  if (!evidence) {
    const next = nextOf(found.stage, found.conditions, of);
    throw new Refused({ kind: 'usage', what: `${of.model} ${of.version} has no promotion yet, so no evidence to show`, next });
  }
  await writeOut(path, evidencePage(evidence));
  const { evidenceDigest } = evidence.attempt;
  const { document, text, ...rest } = outcomeOf(found);
  const on = terminalOf();
  const digest = evidenceDigest ?? 'none yet: evidence is not complete';
  const wrote = [...lines('wrote ', path, on), ...lines('evidence digest ', digest, on)];
  return {
    ...rest,
    document: { ...document, page: { path, evidenceDigest } },
    text: `${text}\n\n${wrote.join('\n')}`,
  };
}

function outcomeOf(found: Check): Outcome {
  const outcome = { document: found, text: checkLines(found, terminalOf()).join('\n') };
  return found.eligible ? outcome : { ...outcome, refusal: refusalOf(found) };
}

function noPolicy({ model }: VersionName): never {
  throw new Refused({ kind: 'rule', what: `no policy on the record for ${model}`, next: 'gatehouse policy register FILE' });
}

function refusalOf({ model, version, stage, conditions }: Check): Refusal {
  const unmet = conditions.filter((condition) => verdictOf(condition) !== 'met');
  const failed = unmet.filter(({ kind, verdict }) => kind !== 'soak' && verdict !== 'pending');
  const named = (failed.length > 0 ? failed : unmet).map(({ id, kind }) => (kind === 'gate' ? `gate ${id}` : id));
  const why = `${failed.length > 0 ? 'failed' : 'missing'}: ${named.join(', ') || 'an attempt that is still open'}`;
  const next = nextOf(stage, unmet, { model, version });
  return { kind: 'rule', what: `${model} ${version} is ${stage}, not eligible for production; ${why}`, next };
}

function nextOf(stage: Stage, unmet: readonly Condition[], { model, version }: VersionName): string {
  if (stage === 'staging') {
    const lacks = (of: Condition['kind']) => unmet.some(({ kind }) => kind === of);
    const lift = unmet.find(({ kind, who }) => kind === 'freeze' && who !== 'time')?.who;
    return lacks('gate') ? 'gatehouse pending' : (lift ?? 'wait, and see gatehouse status');
  }
  if (stage === 'validating') return 'wait for the checks';
  if (stage === 'archived' || stage === 'deleted') return 'see gatehouse status';
  return `gatehouse promote --model-name ${model} --version ${version} --from-stage ${stage} --to-stage staging --approver E`;
}
