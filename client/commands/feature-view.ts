import type { Command } from 'commander';
import { problemsOutcome, readWritten } from '../files.js';
import type { Outcome } from '../output.js';
import { actOutcome, asWriter, sendAct } from '../signing.js';
import { verb } from '../verb.js';

interface Options {
  readonly approver: string;
}

const EXAMPLE = `
Example:
  gatehouse feature-view register examples/alzheimer/feature-view.yaml --approver marco.mlops@duetmind.example`;

/** Adds `feature-view register`: registering a feature view is its approval. */
export function featureViewCommand(program: Command): void {
  const featureView = program.command('feature-view').description('approved feature schemas');
  verb<Options>(featureView, 'register <file>', 'put the feature view in FILE on the record, which approves it', register)
    .requiredOption('--approver <E>', 'who approves it, and whose key signs')
    .addHelpText('after', EXAMPLE);
}

async function register({ approver }: Options, path: string): Promise<Outcome> {
  const { parseFeatureView } = await import('../../platform/files/feature-view-file.js');
  const { bytes, fileName } = await readWritten(path);
  const parsed = parseFeatureView(bytes, fileName);
  if (!parsed.ok) return await problemsOutcome(parsed.problems);
  return await asWriter(async (writing) => {
    const { openStore } = await import('../../platform/store.js');
    const { digest } = await openStore(writing.config.store).putBytes(bytes);
    const answer = await sendAct(writing, 'feature-view', { file: digest }, approver);
    const { name, version, featureHash, unchanged } = answer.result;
    const said = unchanged === true ? 'is registered already' : 'is registered';
    return actOutcome(
      answer,
      `feature view ${String(name)} version ${String(version)} ${said}\n  feature hash  ${String(featureHash)}`,
    );
  });
}
