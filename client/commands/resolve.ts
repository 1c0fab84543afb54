import type { Command } from 'commander';
import type { JsonValue } from '../../domain/canonical.js';
import type { ServingBundle } from '../../domain/serving-bundle.js';
import type { Store } from '../../platform/store.js';
import type { ActAnswer } from '../../workflows/messages.js';
import { fileText } from '../audit/file-text.js';
import { mustBeNew, writeOut } from '../out-file.js';
import { Refused, type Outcome } from '../output.js';
import { findModel, modelName, shown, versionName } from '../record.js';
import { actOutcome, asRefused, asWriter, sendAct, type Writing } from '../signing.js';
import { verb } from '../verb.js';

interface Options {
  readonly modelName: string;
  readonly stage: string;
  readonly version?: string;
  readonly approver: string;
  readonly out?: string;
}

const STAGES = ['staging', 'production'];
const EXAMPLE = `
Example:
  gatehouse resolve --model-name alzheimer_classifier --stage production \\
    --approver marco.mlops@duetmind.example --json`;

/** Adds `resolve`: the version that a person or system may load in a stage. */
export function resolveCommand(program: Command): void {
  verb<Options>(
    program,
    'resolve',
    "say which version may be loaded in a stage: digest, path, signatures; for the stage's groups",
    resolve,
  )
    .requiredOption('--model-name <M>', 'the model')
    .requiredOption('--stage <S>', STAGES.join(' or '))
    .option('--version <V>', 'which one, where several are in staging')
    .requiredOption('--approver <E>', 'who asks, and whose key signs')
    .option('--out <FILE>', 'write the bundle that a serving system verifies by itself')
    .addHelpText('after', EXAMPLE);
}

async function resolve(options: Options): Promise<Outcome> {
  const model = modelName(options.modelName);
  const version = options.version === undefined ? '' : versionName(options.version);
  if (!STAGES.includes(options.stage))
    throw new Refused({
      kind: 'usage',
      what: '--stage',
      given: shown(options.stage),
      allowed: STAGES.join(', '),
      next: 'say one of them',
    });
  await mustBeNew(options.out);
  return await asWriter(async (writing) => {
    await findModel(writing.record.db, model);
    const answer = await sendAct(writing, 'resolve', { model, stage: options.stage, version }, options.approver);
    if (answer.refusal) return actOutcome(answer, '');
    const { openStore } = await import('../../platform/store.js');
    const store = openStore(writing.config.store);
    const bundle = await bundleOf(writing, store, answer);
    // Where the store is depends on who asks.
    const path = store.pathOf(bundle.artifactDigest);
    if (options.out !== undefined) await writeOut(options.out, fileText(bundle as unknown as JsonValue));
    const { result } = answer;
    const outcome = actOutcome(
      answer,
      [
        `${model} ${String(result['version'])} is in ${options.stage}`,
        `  artifact digest  ${String(result['artifactDigest'])}`,
        `  manifest         ${path}`,
        `  approvals        ${bundle.decisions.length} signed; --json prints them`,
        ...(options.out === undefined ? [] : [`  bundle           ${options.out}`]),
      ].join('\n'),
    );
    return { ...outcome, document: { ...outcome.document, path, bundle } };
  });
}

/** What proves the answer, read from the record; what a run answers goes through Temporal, where no more than ids belong. */
async function bundleOf({ record }: Writing, store: Store, { result }: ActAnswer): Promise<ServingBundle> {
  const { readServingBundle } = await import('../../platform/read/serving-bundle.js');
  const of = { model: String(result['model']), version: String(result['version']) };
  const read = await readServingBundle(record.db, store, of).catch((error: unknown) => {
    throw asRefused(error);
  });
  const isSame = read?.bundle.stage === result['stage'] && (read?.change?.key ?? null) === result['change'];
  if (read && isSame) return read.bundle;
  throw new Refused({ kind: 'conflict', what: `${of.model} ${of.version} has left the stage meanwhile`, next: 'resolve again' });
}
