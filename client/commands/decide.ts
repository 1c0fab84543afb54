import { closest } from 'fastest-levenshtein';
import type { Command } from 'commander';
import type { Decision } from '../../domain/acts.js';
import { promotionWorkflowId } from '../../domain/ids.js';
import { GATES, type Gate } from '../../domain/policy.js';
import type { Stage } from '../../domain/progress.js';
import { formatDuration, parseDuration, suggestDuration } from '../../domain/quantity.js';
import { refusalLine, type Refusal } from '../../domain/refusal.js';
import { meaningOf } from '../../domain/statement.js';
import { progressOf } from '../../domain/view.js';
import { sha256 } from '../../platform/digest.js';
import type { ActAnswer } from '../../workflows/messages.js';
import { Refused, type Outcome } from '../output.js';
import { findVersion, modelName, shown, versionName, type KnownVersion } from '../record.js';
import { asWriter, digestOfShown, sign, statementText, type Writing } from '../signing.js';
import { onRecord } from '../verdict.js';
import { verb } from '../verb.js';

interface Options {
  readonly modelName: string;
  readonly version: string;
  readonly gate: string;
  readonly approver: string;
  readonly comment?: string;
  readonly timeout?: string;
  readonly json?: boolean;
}

/** A decision as asked for, in a form the record can read. */
interface Asked {
  readonly decision: Decision;
  readonly gate: Gate;
  readonly comment: string;
  readonly approver: string;
  readonly timeoutMs: number;
  readonly shows: boolean;
}

const USUAL_TIMEOUT_MS = 10_000;
const LONGEST_TIMEOUT_MS = 10 * 60_000;
const LATER = 'delivered, judged when a worker returns';
const COMMENT_LENGTH = { least: 10, most: 2_000 } as const;
/** A statement made when no gate is open any more is valid this long: enough to be judged and refused. */
const VALID_FOR_MS = 10 * 60_000;

/** Adds `approve`. */
export function approveCommand(program: Command): void {
  decisionVerb(program, 'approve', 'approve a version at a gate: shows the statement, signs it, sends it, waits for the verdict');
}

/** Adds `reject`. */
export function rejectCommand(program: Command): void {
  decisionVerb(program, 'reject', 'reject a version at a gate, which ends the attempt; --comment says why');
}

/** Adds `retract`. */
export function retractCommand(program: Command): void {
  decisionVerb(program, 'retract', 'take your own approval at a gate back, until the version is in production');
}

function decisionVerb(program: Command, decision: Decision, description: string): void {
  const comment = decision === 'reject' ? ' --comment "recall is too low for screening"' : '';
  verb<Options>(program, decision, description, (options) => decide(decision, options))
    .requiredOption('--model-name <M>', 'the model')
    .requiredOption('--version <V>', 'the version')
    .requiredOption('--gate <G>', GATES.join(', '))
    .requiredOption('--approver <E>', 'who decides, and whose key signs')
    .option('--comment <C>', 'a comment that is signed as well')
    .option('--timeout <T>', 'how long to wait for the verdict', '10s')
    .addHelpText(
      'after',
      `\nExample:\n  gatehouse ${decision} --model-name alzheimer_classifier --version 1.2.0 --gate devops \\\n    --approver olga.devops@duetmind.example${comment}`,
    );
}

async function decide(decision: Decision, options: Options): Promise<Outcome> {
  const named = { model: modelName(options.modelName), version: versionName(options.version) };
  const asked: Asked = {
    decision,
    gate: gateName(options.gate),
    comment: commentFor(decision, options.comment ?? ''),
    approver: options.approver,
    timeoutMs: timeoutOf(options.timeout),
    shows: options.json !== true,
  };
  return await asWriter(async (writing) => {
    const { attempt } = await findVersion(writing.record.db, named);
    if (!attempt) {
      const what = `${named.model} ${named.version} has no promotion to decide on`;
      throw new Refused({ kind: 'conflict', what, allowed: 'a version in staging', next: 'gatehouse promote' });
    }
    const envelope = await signedDecision(writing, attempt.id, asked);
    return await deliver(writing, attempt, envelope, asked);
  });
}

async function signedDecision({ config, record }: Writing, promotionId: string, asked: Asked): Promise<string> {
  const { loadAttempt } = await import('../../platform/attempt.js');
  const attempt = await loadAttempt(record.db, promotionId);
  const progress = attempt && progressOf(attempt);
  if (!attempt || !progress?.statement) {
    const allowed = `checks still open: ${progress?.checksOpen.join(', ') || 'none'}`;
    throw new Refused({
      kind: 'conflict',
      what: `${promotionId} has no complete evidence to sign yet`,
      allowed,
      next: 'gatehouse status',
    });
  }
  const { gate, decision, comment, approver } = asked;
  digestOfShown(progress.evidence, progress.statement.evidence_digest);
  const meaning = meaningOf(decision, gate, attempt.policy.gates[gate].asks);
  const isOpen = progress.decideUntil !== null && progress.decideUntil > progress.asOf;
  const expires = isOpen ? progress.decideUntil : new Date(attempt.now + VALID_FOR_MS).toISOString();
  return await sign(config, record, 'decision', { ...progress.statement, gate, decision, meaning, comment }, approver, {
    issued: progress.asOf,
    expires,
    ...(asked.shows && { show: (payload) => void process.stdout.write(`${statementText(payload, progress.evidence)}\n\n`) }),
  });
}

async function deliver(
  { promotions, record }: Writing,
  attempt: NonNullable<KnownVersion['attempt']>,
  envelope: string,
  { timeoutMs, decision, gate }: Asked,
): Promise<Outcome> {
  const said = `${decision} at gate ${gate}`;
  const outcome = (delivery: 'update' | 'act' | 'signal', answer: ActAnswer | null, state: Stage): Outcome => {
    const refusal = answer ? answer.refusal : awaited(timeoutMs);
    const document = {
      ok: answer?.accepted === true,
      promotionId: attempt.id,
      workflowId: promotionWorkflowId(attempt.id),
      state,
      decisionId: sha256(envelope),
      accepted: answer?.accepted ?? null,
      reason: answer ? answer.refusal && refusalLine(answer.refusal).replace(/^\d: /, '') : LATER,
      delivery,
    };
    if (refusal) return { document, text: '', refusal };
    return { document, text: `accepted: ${said} of ${attempt.id}, which is ${state} now\n  decision  ${document.decisionId}` };
  };
  try {
    const { delivery, answer } = await promotions.decide(attempt.id, envelope, timeoutMs);
    const judged = answer && (await onRecord(record.db, sha256(envelope)));
    return outcome(delivery, judged, answer?.state ?? attempt.state);
  } catch (error) {
    // An attempt that has ended has no run to judge the decision; as an act it is judged, and its refusal recorded.
    if (!(error instanceof Refused) || error.refusal.kind !== 'conflict') throw error;
    await promotions.act(envelope, { timeoutMs, summary: `${said} of ${attempt.id}` });
    const answer = await onRecord(record.db, sha256(envelope));
    return outcome('act', answer, (answer.result['state'] as Stage | undefined) ?? attempt.state);
  }
}

function awaited(timeoutMs: number): Refusal {
  return {
    kind: 'away',
    what: LATER,
    given: `no verdict within ${formatDuration(timeoutMs)}`,
    next: 'see gatehouse status later',
  };
}

function gateName(given: string): Gate {
  const found = GATES.find((gate) => gate === given);
  if (found) return found;
  const next = `did you mean ${closest(given.slice(0, 64), [...GATES])}?`;
  throw new Refused({ kind: 'usage', what: '--gate', given: shown(given), allowed: GATES.join(', '), next });
}

function commentFor(decision: Decision, comment: string): string {
  const isLongEnough = decision !== 'reject' || comment.trim().length >= COMMENT_LENGTH.least;
  if (isLongEnough && comment.length <= COMMENT_LENGTH.most) return comment;
  const given = comment === '' ? 'none' : `${comment.trim().length} characters`;
  const allowed = `${decision === 'reject' ? '10–2,000' : 'at most 2,000'} characters`;
  throw new Refused({ kind: 'usage', what: '--comment', given, allowed, next: 'say why' });
}

function timeoutOf(given: string | undefined): number {
  if (given === undefined) return USUAL_TIMEOUT_MS;
  const ms = parseDuration(given);
  if (ms !== undefined && ms >= 100 && ms <= LONGEST_TIMEOUT_MS) return ms;
  const meant = ms === undefined ? suggestDuration(given, 's') : undefined;
  const next = meant === undefined ? 'write it as 10s or 1m30s' : `did you mean ${meant}?`;
  throw new Refused({
    kind: 'usage',
    what: '--timeout',
    given: shown(given),
    allowed: `100ms to ${formatDuration(LONGEST_TIMEOUT_MS)}`,
    next,
  });
}
