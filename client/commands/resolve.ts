import type { Command } from 'commander';
import { Refused, type Outcome } from '../output.js';
import { findModel, modelName, shown, versionName } from '../record.js';
import { actOutcome, asWriter, sendAct } from '../signing.js';
import { verb } from '../verb.js';

interface Options {
  readonly modelName: string;
  readonly stage: string;
  readonly version?: string;
  readonly approver: string;
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
  return await asWriter(async (writing) => {
    await findModel(writing.record.db, model);
    const answer = await sendAct(writing, 'resolve', { model, stage: options.stage, version }, options.approver);
    const { result } = answer;
    const decisions = Array.isArray(result['decisions']) ? result['decisions'].length : 0;
    return actOutcome(
      answer,
      [
        `${model} ${String(result['version'])} is in ${options.stage}`,
        `  artifact digest  ${String(result['artifactDigest'])}`,
        `  manifest         ${String(result['path'])}`,
        `  approvals        ${decisions} signed; --json prints them`,
      ].join('\n'),
    );
  });
}
