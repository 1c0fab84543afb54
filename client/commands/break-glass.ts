import type { Command } from 'commander';
import type { Attempt, Skip } from '../../domain/attempt.js';
import { foldBreakGlass, skipText } from '../../domain/break-glass.js';
import { glassFields } from '../../domain/break-glass-act.js';
import { isFrozen } from '../../domain/freeze.js';
import { soakIsOver } from '../../domain/soak.js';
import { when } from '../../domain/times.js';
import type { ActAnswer } from '../../workflows/messages.js';
import { Refused, type Outcome } from '../output.js';
import { reasonFor } from '../reason.js';
import { findVersion, modelName, shown, versionName } from '../record.js';
import { actOutcome, asWriter, sendAct } from '../signing.js';
import { verb } from '../verb.js';

interface Options {
  readonly modelName: string;
  readonly version: string;
  readonly reason: string;
  readonly approver: string;
  readonly skip?: string;
}

const SKIPS: readonly string[] = ['soak', 'freeze', 'both'] satisfies readonly Skip[];
/** What is signed where the record has nothing to sign over: the act is sent all the same, so that its refusal is on the record. */
const NOTHING = '0'.repeat(64);
const HELP = `
Two people run it within a day, each with a reason; neither may have registered or asked for the version. It skips a wait: the
rest of the soak minimum, a freeze window or a freeze. It skips no check, no gate and no pause, and staging has to be healthy.
A review is due within 24 hours of the production change.

Example:
  gatehouse break-glass --model-name alzheimer_classifier --version 1.2.0 --skip soak \\
    --reason "production fails on every new scanner" --approver olga.devops@duetmind.example`;

/** Adds `break-glass`: one of the two signatures that skip a wait. */
export function breakGlassCommand(program: Command): void {
  verb<Options>(program, 'break-glass', 'skip the wait of a version in staging, as one of two people', breakGlass)
    .requiredOption('--model-name <M>', 'the model')
    .requiredOption('--version <V>', 'the version')
    .requiredOption('--reason <R>', 'why, in 10–2,000 characters; signed, and on the record')
    .requiredOption('--approver <E>', 'who does it, and whose key signs')
    .option('--skip <WAIT>', 'soak, freeze or both (default: as proposed, or else what it waits for now)')
    .addHelpText('after', HELP);
}

async function breakGlass(options: Options): Promise<Outcome> {
  const named = { model: modelName(options.modelName), version: versionName(options.version) };
  const reason = reasonFor(options.reason);
  const asked = skipOf(options.skip);
  return await asWriter(async (writing) => {
    const { attempt: newest, status } = await findVersion(writing.record.db, named);
    const { loadAttempt } = await import('../../platform/attempt.js');
    const attempt = newest && (await loadAttempt(writing.record.db, newest.id));
    const over = attempt
      ? glassFields(attempt)
      : { promotion: '', round: 0, artifact_digest: NOTHING, evidence_digest: NOTHING, policy_digest: NOTHING };
    const evidence = { evidence_digest: over.evidence_digest || NOTHING };
    const skip = asked ?? (attempt ? waitOf(attempt) : 'both');
    const answer = await sendAct(writing, 'break-glass', { ...named, ...over, ...evidence, skip, reason }, options.approver);
    const outcome = actOutcome(answer, answer.accepted ? said(named.version, answer) : '');
    return { ...outcome, document: { promotionId: newest?.id ?? null, state: attempt?.state ?? status, ...outcome.document } };
  });
}

function skipOf(given: string | undefined): Skip | undefined {
  if (given === undefined || SKIPS.includes(given)) return given as Skip | undefined;
  throw new Refused({ kind: 'usage', what: '--skip', given: shown(given), allowed: SKIPS.join(', '), next: 'see --help' });
}

/** What somebody proposed already, or else the waits that are not over. */
function waitOf(attempt: Attempt): Skip {
  const [proposed] = foldBreakGlass(attempt).proposed;
  if (proposed) return proposed.skip;
  const isShort = attempt.soak !== null && !soakIsOver(attempt.soak, attempt.policy);
  if (isShort === isFrozen(attempt)) return 'both';
  return isShort ? 'soak' : 'freeze';
}

function said(version: string, { result }: ActAnswer): string {
  const { skip, secondUntil, by, missing } = result;
  const what = skipText(skip as Skip);
  if (typeof secondUntil === 'string') return `break-glass of ${what} waits for a second person until ${when(secondUntil)}`;
  const left = (missing as readonly string[]).filter((each) => each.startsWith('gate ') || each.startsWith('check '));
  const then =
    left.length > 0 ? `; ${version} goes when the rest is there: ${left.join(', ')}` : `; ${version} goes after its re-checks`;
  return `${what} is skipped by ${(by as readonly string[]).join(' and ')}${then}. A review is due within 24 hours of the change`;
}
