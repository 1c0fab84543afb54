import type { GateView, Progress, SoakView } from '../domain/progress.js';
import { CHECKS, passes, type Finding } from '../domain/checks.js';

const BAR_CELLS = 20;
const KEY_FIGURES = 6;

/** The Markdown checklist an operator sees in the Temporal UI. */
export function detailsOf(progress: Progress, ignored: number): string {
  const { model, version, state, relaxed, waitingFor, asOf, requestedBy, breakGlass = [] } = progress;
  return [
    `**${model} ${version}: ${state}** (as of ${asOf}, requested by ${requestedBy})`,
    ...(relaxed.length > 0 ? [`\n⚠ relaxed policy: looser than the guidelines in ${relaxed.join(', ')}`] : []),
    ...breakGlass.map((each) => `\n⚠ wait skipped, ${each}`),
    ...(waitingFor.length > 0 ? [`\nWaits for: ${waitingFor.join(', ')}`] : []),
    '\n**Checks**\n',
    ...CHECKS.map((check) => checkLine(check, progress)),
    ...(progress.soak ? ['\n**Soak**\n', soakLine(progress.soak)] : []),
    '\n**Gates**\n',
    ...progress.gates.map(gateLine),
    ...(ignored > 0 ? [`\nIgnored: ${ignored} signals that nobody can read`] : []),
  ].join('\n');
}

function checkLine(check: string, { evidence }: Progress): string {
  const finding = evidence.find((each) => each.check === check);
  if (!finding) return `- [ ] ${check}: not run yet`;
  const words = [finding.verdict, ...keyFigures(finding), finding.reason].filter(Boolean).join(', ');
  return `- [${passes(finding) ? 'x' : ' '}] ${check}: ${words}`;
}

/** The figures that something is asked of; `gatehouse check` has them all. */
function keyFigures({ measured, limit }: Finding): string[] {
  const asked = Object.entries(measured).filter(([name]) => name in limit);
  return asked.slice(0, KEY_FIGURES).map(([name, value]) => `${name} ${value} (${limit[name]})`);
}

function soakLine({ earnedMs, minMs, minEndsAt, maxEndsAt, paused }: SoakView): string {
  const share = Math.min(1, minMs === 0 ? 1 : earnedMs / minMs);
  const filled = Math.floor(share * BAR_CELLS);
  const bar = '█'.repeat(filled) + '░'.repeat(BAR_CELLS - filled);
  return `${bar} ${Math.floor(share * 100)} %${paused ? ' (standing still)' : ''}, minimum ends ${minEndsAt}, maximum ${maxEndsAt}`;
}

function gateLine({ gate, state, by, at, group, why }: GateView): string {
  if (state === 'approved') return `- [x] ${gate}: approved by ${by} at ${at}`;
  const before = by === null ? '' : `, ${state} (${by} at ${at})${why ? `, ${why}` : ''}`;
  return `- [ ] ${gate}: waits for group ${group}${before}`;
}
