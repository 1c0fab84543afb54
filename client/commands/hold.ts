import type { Command } from 'commander';
import { readHoldConfig } from '../../platform/config.js';
import { sha256 } from '../../platform/digest.js';
import type { ActAnswer } from '../../workflows/messages.js';
import { signHold, type SignedHold } from '../holding.js';
import { Refused, type Outcome } from '../output.js';
import { reasonFor } from '../reason.js';
import { modelName } from '../record.js';
import { actOutcome, asRefused, asWriter } from '../signing.js';
import { onRecord } from '../verdict.js';
import { refusalOf, verb } from '../verb.js';

interface Options {
  readonly modelName?: string;
  readonly reason: string;
  readonly approver: string;
  readonly lift?: boolean;
}

const JUDGED_WITHIN_MS = 10_000;

const EXAMPLE = `
It counts at once where the serving side reads it (GATEHOUSE_SERVING), also when PostgreSQL and Temporal are away; a worker puts it on
the record when they are back. While it is on nothing is promoted; a rollback is not held, and does not end it.

Example:
  gatehouse hold --model-name alzheimer_classifier --reason "it misses too many patients" --approver olga.devops@duetmind.example
  gatehouse hold --model-name alzheimer_classifier --lift --reason "the incident is over" --approver olga.devops@duetmind.example`;

/** Adds `hold`: tells the serving side to stop answering with a model, until it is lifted. */
export function holdCommand(program: Command): void {
  verb<Options>(program, 'hold', 'tell the serving side to stop answering with a model, or with all of them, until --lift', hold)
    .option('--model-name <M>', 'only this model; without it all of them')
    .requiredOption('--reason <R>', 'why, in 10–2,000 characters; signed, and on the record')
    .requiredOption('--approver <E>', 'who does it, and whose key signs')
    .option('--lift', 'end the hold')
    .addHelpText('after', EXAMPLE);
}

async function hold(options: Options): Promise<Outcome> {
  const model = options.modelName === undefined ? '' : modelName(options.modelName);
  const reason = reasonFor(options.reason);
  const isOn = !options.lift;
  const signed = await signHold(readHoldConfig(), { model, isOn, reason, approver: options.approver }).catch((error: unknown) => {
    throw asRefused(error);
  });
  const told = await deliver(signed.envelope, `hold ${model} by ${options.approver}`);
  const whose = model === '' ? 'all models' : model;
  const done = isOn ? `serving of ${whose} is told to stop; gatehouse hold --lift ends it` : `serving of ${whose} may go on`;
  const state = isOn ? 'held' : 'lifted';
  const document = { promotionId: null, model: model || null, spooled: signed.spooled };
  if (typeof told === 'string')
    return { document: { ...document, ...unheard(signed, told), state }, text: `${done}\nnot yet on the record: ${told}` };
  const lacking = signed.spooled === null ? `\nnot put where the serving side reads it: ${signed.refusal.what}` : '';
  const outcome = actOutcome(told, `${done}${lacking}`);
  return { ...outcome, document: { ...document, state: told.accepted ? state : null, onRecord: true, ...outcome.document } };
}

/** What is known of a hold that no record has judged; throws a Refused where the serving side does not know of it either. */
function unheard(signed: SignedHold, away: string): object {
  if (signed.spooled !== null) return { ok: true, onRecord: false, away };
  const { refusal } = signed;
  throw new Refused({ ...refusal, what: `nothing has changed: ${refusal.what}`, given: refusal.given ?? away });
}

/** The record's verdict, or why there is none yet: whatever fails here, the serving side may know of it already. */
async function deliver(envelope: string, summary: string): Promise<ActAnswer | string> {
  try {
    return await asWriter(async ({ record, promotions }) => {
      await promotions.act(envelope, { timeoutMs: JUDGED_WITHIN_MS, summary });
      return await onRecord(record.db, sha256(envelope));
    });
  } catch (error) {
    return refusalOf(error).what;
  }
}
