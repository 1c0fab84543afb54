import { setTimeout as delay } from 'node:timers/promises';
import type { Command } from 'commander';
import type { FollowUpStep } from '../../domain/follow-ups.js';
import { rollbackTargets } from '../../domain/rollback.js';
import type { Outcome } from '../output.js';
import { reasonFor } from '../reason.js';
import { findModel, modelName, versionName, type RecordReader } from '../record.js';
import { actOutcome, asWriter, sendAct } from '../signing.js';
import { verb } from '../verb.js';

interface Options {
  readonly modelName: string;
  readonly toVersion?: string;
  readonly reason: string;
  readonly approver: string;
}

interface Step {
  readonly step: string;
  readonly outcome: 'done' | 'failed' | 'skipped';
}

const FOLLOWED_WITHIN_MS = 10_000;
/** What is confirmed by what the restored version answers, and what is told of that. */
const AFTER_TRAFFIC: readonly string[] = ['service-health', 'stakeholders', 'incidents'] satisfies FollowUpStep[];
const LOOK_EVERY_MS = 200;
const EXAMPLE = `
Example:
  gatehouse rollback --model-name alzheimer_classifier --reason "it misses too many patients" \\
    --approver olga.devops@duetmind.example`;

/** Adds `rollback`: production goes back to a version that was there before. */
export function rollbackCommand(program: Command): void {
  verb<Options>(
    program,
    'rollback',
    'take production back to the last version that was there, or to the one named; quarantines the version left',
    rollBack,
  )
    .requiredOption('--model-name <M>', 'the model')
    .option('--to-version <V>', 'the version to go back to')
    .requiredOption('--reason <R>', 'why, in 10–2,000 characters; signed, and on the record')
    .requiredOption('--approver <E>', 'who does it, and whose key signs')
    .addHelpText('after', EXAMPLE);
}

async function rollBack(options: Options): Promise<Outcome> {
  const model = modelName(options.modelName);
  const named = options.toVersion === undefined ? undefined : versionName(options.toVersion);
  const reason = reasonFor(options.reason);
  return await asWriter(async (writing) => {
    const { db } = writing.record;
    await findModel(db, model);
    const { readSituation } = await import('../../platform/read/production.js');
    const situation = await readSituation(db, model);
    const from = situation.production ?? '';
    // With nothing to go back to the act is sent all the same, so that the refusal is on the record and the on-call is told.
    const to = named ?? rollbackTargets(situation)[0] ?? '';
    const fields = { model, from_version: from, to_version: to, reason };
    const answer = await sendAct(writing, 'rollback', fields, options.approver);
    if (!answer.accepted) {
      const refused = actOutcome(answer, '');
      return {
        ...refused,
        document: { promotionId: null, state: situation.production === null ? 'none' : 'production', ...refused.document },
      };
    }
    const steps = await followed(writing.record, String(answer.result['changeKey']));
    const { document } = actOutcome(answer, '');
    return {
      document: { ...document, steps: steps.done, stepsOpen: steps.open },
      text: said(model, situation.production, to, steps),
    };
  });
}

/** The steps after the swap, as far as they came while somebody waits; those that wait for traffic are not waited for. */
async function followed({ db }: RecordReader, changeKey: string): Promise<{ done: Step[]; open: string[] }> {
  for (const until = Date.now() + FOLLOWED_WITHIN_MS; ; await delay(LOOK_EVERY_MS)) {
    const { rows: done } = await db.query<Step>('SELECT step, outcome FROM follow_up WHERE change_key = $1 ORDER BY at, step', [
      changeKey,
    ]);
    const { rows: all } = await db.query<{ step: string }>(
      'SELECT unnest(follow_ups) AS step FROM production_change WHERE key = $1',
      [changeKey],
    );
    const open = all.map(({ step }) => step).filter((step) => !done.some((each) => each.step === step));
    if (open.every((step) => AFTER_TRAFFIC.includes(step)) || Date.now() > until) return { done, open };
  }
}

function said(model: string, from: string | null, to: string, { done, open }: { done: Step[]; open: string[] }): string {
  return [
    `${model} ${to} is in production again${from === null ? '' : `; ${from} is archived and quarantined`}`,
    ...done.map(({ step, outcome }) => `  ${step}: ${outcome}`),
    ...open.map((step) => `  ${step}: goes on by itself; see gatehouse status`),
  ].join('\n');
}
