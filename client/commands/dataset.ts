import { dirname, join } from 'node:path';
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
  gatehouse dataset register examples/alzheimer/holdout-set.yaml --approver marco.mlops@duetmind.example`;

/** Adds `dataset register`: registering a data set is its approval; the last registered of a series is its latest. */
export function datasetCommand(program: Command): void {
  const dataset = program.command('dataset').description('approved data sets');
  verb<Options>(
    dataset,
    'register <file>',
    'put the data set in FILE on the record, with its data in the store, which approves it',
    register,
  )
    .requiredOption('--approver <E>', 'who approves it, and whose key signs')
    .addHelpText('after', EXAMPLE);
}

async function register({ approver }: Options, path: string): Promise<Outcome> {
  const { parseDataset } = await import('../../platform/files/dataset-file.js');
  const { bytes, fileName } = await readWritten(path);
  const parsed = parseDataset(bytes, fileName);
  if (!parsed.ok) return await problemsOutcome(parsed.problems);
  return await asWriter(async (writing) => {
    const { openStore } = await import('../../platform/store.js');
    const store = openStore(writing.config.store);
    const data = await store.put(join(dirname(path), parsed.value.path));
    const file = await store.putBytes(bytes);
    const answer = await sendAct(writing, 'dataset', { file: file.digest, data: data.digest }, approver);
    const { name, series, role, unchanged } = answer.result;
    const said = unchanged === true ? 'is registered already' : 'is registered';
    const text = [
      `${String(role)} set ${String(name)} of series ${String(series)} ${said}`,
      `  digest  ${data.digest}`,
      `  size    ${data.size} bytes`,
    ];
    return actOutcome(answer, text.join('\n'));
  });
}
