import type { Command } from 'commander';
import type { Outcome } from '../output.js';
import { reasonFor } from '../reason.js';
import { findModel, modelName } from '../record.js';
import { actOutcome, asWriter, sendAct } from '../signing.js';
import { verb } from '../verb.js';

interface Options {
  readonly modelName?: string;
  readonly reason: string;
  readonly approver: string;
  readonly lift?: boolean;
}

const EXAMPLE = `
Versions go on soaking and may be approved; what becomes ready goes when the freeze is lifted, after its re-check. Rollbacks are
never held.

Example:
  gatehouse freeze --reason "an incident is being looked into" --approver olga.devops@duetmind.example
  gatehouse freeze --lift --reason "the incident is over" --approver olga.devops@duetmind.example`;

/** Adds `freeze`: holds promotions back until it is lifted. */
export function freezeCommand(program: Command): void {
  verb<Options>(program, 'freeze', 'hold promotions to production back, of one model or of all, until --lift', freeze)
    .option('--model-name <M>', 'only this model; without it all of them')
    .requiredOption('--reason <R>', 'why, in 10–2,000 characters; signed, and on the record')
    .requiredOption('--approver <E>', 'who does it, and whose key signs')
    .option('--lift', 'end the freeze')
    .addHelpText('after', EXAMPLE);
}

async function freeze(options: Options): Promise<Outcome> {
  const model = options.modelName === undefined ? '' : modelName(options.modelName);
  const reason = reasonFor(options.reason);
  return await asWriter(async (writing) => {
    if (model !== '') await findModel(writing.record.db, model);
    const fields = { model, freeze: options.lift ? 'off' : 'on', reason };
    const answer = await sendAct(writing, 'freeze', fields, options.approver);
    const whose = model === '' ? 'promotions of all models' : `promotions of ${model}`;
    const text = options.lift ? `${whose} go on` : `${whose} are frozen; gatehouse freeze --lift ends it`;
    const outcome = actOutcome(answer, text);
    return {
      ...outcome,
      document: { promotionId: null, state: answer.accepted ? (options.lift ? 'lifted' : 'frozen') : null, ...outcome.document },
    };
  });
}
