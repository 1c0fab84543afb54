import type { Command } from 'commander';
import { passes, RECHECKS } from '../../domain/checks.js';
import { promotionWorkflowId } from '../../domain/ids.js';
import type { Attempt } from '../../domain/attempt.js';
import type { ActAnswer } from '../../workflows/messages.js';
import { Refused, type Outcome } from '../output.js';
import { findVersion, modelName, shown, versionName } from '../record.js';
import { actOutcome, asWriter, sendAct, type Writing } from '../signing.js';
import { verb } from '../verb.js';
import { watchAttempt } from '../waiting.js';

interface Options {
  readonly modelName: string;
  readonly version: string;
  readonly fromStage: string;
  readonly toStage: string;
  readonly approver: string;
  readonly wait?: boolean;
  readonly json?: boolean;
}

const OPEN: readonly string[] = ['validating', 'staging', 'production'];
const STAGING_WITHIN_MS = 60 * 60_000;
const PRODUCTION_WITHIN_MS = 60_000;
const EXAMPLE = `
Example:
  gatehouse promote --model-name alzheimer_classifier --version 1.2.0 \\
    --from-stage registered --to-stage staging --approver marco.mlops@duetmind.example --wait`;

/** Adds `promote`: to staging it starts a promotion; to production it asks for the change now. */
export function promoteCommand(program: Command): void {
  verb<Options>(
    program,
    'promote',
    'ask for the next stage of a version: staging starts the checks, production changes what serves',
    promote,
  )
    .requiredOption('--model-name <M>', 'the model')
    .requiredOption('--version <V>', 'the version')
    .requiredOption('--from-stage <S>', 'the stage it is in')
    .requiredOption('--to-stage <T>', 'staging or production')
    .requiredOption('--approver <E>', 'who asks, and whose key signs')
    .option('--wait', 'to staging: wait until it is there, or the attempt has ended')
    .addHelpText('after', EXAMPLE);
}

async function promote(options: Options): Promise<Outcome> {
  const named = { model: modelName(options.modelName), version: versionName(options.version) };
  const stages = { from_stage: stageWord('--from-stage', options.fromStage), to_stage: stageWord('--to-stage', options.toStage) };
  return await asWriter(async (writing) => {
    const { attempt, status } = await findVersion(writing.record.db, named);
    const open = attempt && OPEN.includes(attempt.state) ? attempt.id : undefined;
    const asksChange = open !== undefined && stages.from_stage === 'staging' && stages.to_stage === 'production';
    // What no rule allows is asked for all the same, so that its refusal is on the record.
    const answer = asksChange
      ? await sendAct(writing, 'promote', { ...named, ...stages, promotion: open }, options.approver)
      : await sendAct(writing, 'request', { ...named, ...stages }, options.approver);
    if (!answer.accepted) {
      const refused = actOutcome(answer, '');
      return { ...refused, document: { promotionId: open ?? null, state: status, ...refused.document } };
    }
    const promotionId = String(answer.result['promotionId']);
    if (asksChange) return await untilProduction(writing, promotionId, answer, options);
    if (options.wait) return await untilStaging(writing, promotionId, answer, options);
    return actOutcome(answer, startedText(writing, promotionId, answer));
  });
}

/** A stage's name; whether there is such a stage is for the record to say. */
function stageWord(flag: string, given: string): string {
  if (/^[a-z]{1,32}$/.test(given)) return given;
  throw new Refused({
    kind: 'usage',
    what: flag,
    given: shown(given),
    allowed: 'a stage, such as registered, staging or production',
  });
}

function startedText({ config }: Writing, promotionId: string, { result }: ActAnswer): string {
  const { uiUrl, namespace } = config.temporal;
  const relaxed = result['relaxed'];
  return [
    `promotion ${promotionId} has started; its checks run`,
    ...(Array.isArray(relaxed) && relaxed.length > 0 ? [`  RELAXED, looser than the guidelines in: ${relaxed.join(', ')}`] : []),
    ...(uiUrl ? [`  ${uiUrl}/namespaces/${namespace}/workflows/${encodeURIComponent(promotionWorkflowId(promotionId))}`] : []),
    '  next: gatehouse status',
  ].join('\n');
}

async function untilStaging(writing: Writing, promotionId: string, answer: ActAnswer, { json }: Options): Promise<Outcome> {
  const isThere = (attempt: Attempt) => attempt.state !== 'validating';
  const attempt = await watchAttempt(writing.record, promotionId, { isThere, limitMs: STAGING_WITHIN_MS, shows: json !== true });
  const document = { ...actOutcome(answer, '').document, state: attempt.state };
  if (attempt.state === 'staging' || attempt.change)
    return { document, text: `${promotionId} is in ${attempt.state}; next: gatehouse pending` };
  return notThere(attempt, document, `the checks have not ended within ${STAGING_WITHIN_MS / 60_000} minutes; they go on`);
}

async function untilProduction(writing: Writing, promotionId: string, answer: ActAnswer, { json }: Options): Promise<Outcome> {
  const askedAt = Date.parse(String(answer.result['askedAt']));
  const isThere = (attempt: Attempt) => attempt.state !== 'staging' || hasFailedAgain(attempt, askedAt);
  const attempt = await watchAttempt(writing.record, promotionId, {
    isThere,
    limitMs: PRODUCTION_WITHIN_MS,
    shows: json !== true,
  });
  const document = { ...actOutcome(answer, '').document, ok: attempt.change !== null, state: attempt.state };
  if (attempt.change) return { document, text: `${attempt.model} ${attempt.version} is in production` };
  const failed = failedRechecks(attempt, askedAt);
  if (failed.length === 0)
    return notThere(attempt, document, 'the change was asked for and has not happened within a minute; it goes on');
  return {
    document,
    text: '',
    refusal: { kind: 'rule', what: failed.join('; '), next: 'it is tried again when production changes, and hourly' },
  };
}

/** Whether every re-check that was asked for has an answer and one of them failed. */
function hasFailedAgain(attempt: Attempt, askedAt: number): boolean {
  const answered = RECHECKS.every((check) =>
    attempt.rechecks.some(({ finding, at }) => finding.check === check && at >= askedAt),
  );
  return answered && failedRechecks(attempt, askedAt).length > 0;
}

function failedRechecks({ rechecks }: Attempt, askedAt: number): string[] {
  return rechecks
    .filter(({ finding, at }) => at >= askedAt && !passes(finding))
    .map(({ finding: { check, verdict, reason } }) => `re-check ${check} ${verdict === 'fail' ? 'failed' : verdict}: ${reason}`);
}

function notThere({ state, endReason, version }: Attempt, document: object, late: string): Outcome {
  const next = 'see gatehouse check';
  const refusal = OPEN.includes(state)
    ? ({ kind: 'away', what: late, next } as const)
    : ({ kind: 'rule', what: `${version} is ${state}: ${endReason ?? 'no reason given'}`, next } as const);
  return { document: { ...document, ok: false }, text: '', refusal };
}
