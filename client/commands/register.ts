import type { Command } from 'commander';
import { problemsOutcome } from '../files.js';
import type { Outcome } from '../output.js';
import { actOutcome, asWriter, sendAct } from '../signing.js';

import { verb } from '../verb.js';

interface Options {
  readonly approver: string;
}

const EXAMPLE = `
Example:
  gatehouse register examples/alzheimer/packages/1.2.0 --approver marco.mlops@duetmind.example`;

/** Adds `register`: puts a model version on the record, with its package in the store. */
export function registerCommand(program: Command): void {
  verb<Options>(
    program,
    'register <dir>',
    'store the package in DIR (model.yaml and the files it lists) and register the version',
    register,
  )
    .requiredOption('--approver <E>', 'who registers it, and whose key signs')
    .addHelpText('after', EXAMPLE);
}

async function register({ approver }: Options, dir: string): Promise<Outcome> {
  return await asWriter(async (writing) => {
    const { storePackage } = await import('../../platform/package.js');
    const { openStore } = await import('../../platform/store.js');
    const stored = await storePackage(openStore(writing.config.store), dir);
    if (!stored.ok) return await problemsOutcome(stored.problems);
    const { artifactDigest, model, manifest } = stored;
    const fields = { model: model.name, version: model.version, artifact_digest: artifactDigest };
    const answer = await sendAct(writing, 'register', fields, approver);
    const { stage, unchanged } = answer.result;
    const said =
      unchanged === true
        ? `${model.name} ${model.version} is registered already, and is ${String(stage)}`
        : `registered ${model.name} ${model.version}`;
    return actOutcome(
      answer,
      [said, `  artifact digest  ${artifactDigest}`, `  files            ${manifest.files.length}`].join('\n'),
    );
  });
}
