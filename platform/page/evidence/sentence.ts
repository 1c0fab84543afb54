import { CHECKS, passes } from '../../../domain/checks.js';
import { heldBackBy } from '../../../domain/lifecycle.js';
import { foldGates } from '../../../domain/gates.js';
import { lasting, when } from '../../../domain/times.js';
import type { EvidenceRecord } from '../../read/evidence.js';

/** The page in one sentence: what the checks found, and where the attempt is. */
export function sentenceOf(record: EvidenceRecord): string {
  return `${checksFound(record)} ${stageReached(record)}`;
}

function checksFound({ attempt: { findings, evidenceDigest } }: EvidenceRecord): string {
  if (evidenceDigest === null) {
    const open = CHECKS.filter((check) => !findings.some((finding) => finding.check === check));
    return `The evidence is not complete: ${open.length} of ${CHECKS.length} checks ${open.length === 1 ? 'has' : 'have'} no verdict yet (${open.join(', ')}).`;
  }
  const against = findings.filter((finding) => !passes(finding)).map(({ check, verdict }) => `${check} (${verdict})`);
  if (against.length > 0) return `${against.length} of ${findings.length} checks did not pass: ${against.join(', ')}.`;
  const skipped = findings.filter(({ verdict }) => verdict === 'skipped').length;
  const passed = skipped === 0 ? `All ${findings.length} checks passed.` : `${findings.length - skipped} checks passed`;
  return skipped === 0
    ? passed
    : `${passed}, ${skipped} ${skipped === 1 ? 'was' : 'were'} skipped for a reason that its rule names.`;
}

function stageReached({ attempt, endedAt, promoted }: EvidenceRecord): string {
  const { state, endReason, soak, policy } = attempt;
  const instead = promoted?.from ? ` in the place of ${promoted.from}` : '';
  switch (state) {
    case 'staging':
      return `In staging ${earned(soak?.earnedMs ?? 0, policy.soak.min)}, and ${gatesOf(attempt)}${frozen(attempt)}.`;
    case 'production':
      return `It went into production ${promoted ? when(promoted.at) : ''}${instead}.`;
    case 'archived':
      return `It was in production from ${promoted ? when(promoted.at) : ''} to ${endedAt ? when(endedAt) : ''}: ${endReason ?? ''}.`;
    case 'rejected':
    case 'withdrawn':
    case 'expired':
      // An attempt that its checks ended has just said why.
      return `The attempt ended ${state} ${endedAt ? when(endedAt) : ''}${soak === null && state === 'rejected' ? '' : `: ${endReason ?? ''}`}.`;
    default:
      return 'It is not in staging yet.';
  }
}

function earned(ms: number, asked: number): string {
  return ms >= asked ? `the soak minimum of ${lasting(asked)} is over` : `${lasting(ms)} of ${lasting(asked)} are earned`;
}

function frozen(attempt: EvidenceRecord['attempt']): string {
  return heldBackBy(attempt)
    .texts.map((text) => `; it waits for ${text}`)
    .join('');
}

function gatesOf(attempt: EvidenceRecord['attempt']): string {
  const gates = foldGates(attempt);
  const open = gates.filter(({ state }) => state !== 'approved').map(({ gate }) => gate);
  if (open.length === 0) return 'every gate has approved';
  return `${gates.length - open.length} of ${gates.length} gates have approved (missing: ${open.join(', ')})`;
}
