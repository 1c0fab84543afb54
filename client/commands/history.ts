import type { Command } from 'commander';
import { readConfig } from '../../platform/config.js';
import { readHistory } from '../../platform/read/history.js';
import type { Outcome } from '../output.js';
import { findModel, modelName, openRecord } from '../record.js';
import { historyLines } from '../show/history.js';
import { terminalOf } from '../terminal.js';
import { verb } from '../verb.js';

interface Options {
  readonly modelName: string;
}

/** Adds `history`: when which version of a model was in production, and why it left. */
export function historyCommand(program: Command): void {
  verb(program, 'history', 'show which versions of a model were in production, from when to when, and why each left', history)
    .requiredOption('--model-name <M>', 'the model')
    .addHelpText('after', '\nExample:\n  gatehouse history --model-name alzheimer_classifier');
}

async function history(options: Options): Promise<Outcome> {
  const model = modelName(options.modelName);
  const { db, close } = await openRecord(readConfig());
  try {
    await findModel(db, model);
    const found = await readHistory(db, model);
    return { document: found, text: historyLines(found, terminalOf()).join('\n') };
  } finally {
    await close();
  }
}
