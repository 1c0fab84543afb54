import type { JsonValue } from '../../domain/canonical.js';
import { lasting, when } from '../../domain/times.js';
import type { AttemptStatus, ChecksStatus, FollowUp, GateStatus, SoakStatus } from '../../platform/read/status.js';
import type { AttemptAt, GateAt, SoakAt } from '../../platform/read/status-at.js';
import { bar } from '../table.js';
import type { Canvas } from '../terminal.js';
import { cellsOf, padTo } from '../width.js';
import { lines, mark, toned, type Tone } from './marks.js';

/** Where Temporal's UI shows a run, when the UI is known. */
export type LinkTo = (workflowId: string) => string | null;

const OPEN: readonly string[] = ['validating', 'staging', 'production'];
const INDENT = '    ';
const LABEL_CELLS = 9;
const GATE_CELLS = 14;
/** Below this many columns the bar is short and a gate's name has a line of its own. */
const ROOMY = 60;
const SHORT_BAR = 10;
const LONG_BAR = 24;
const GATE_TONES = { open: 'open', approved: 'good', rejected: 'bad', void: 'bad' } as const satisfies Record<
  GateStatus['state'],
  Tone
>;

/** Whether an attempt still goes on. */
export function isOpen({ state }: Pick<AttemptStatus, 'state'>): boolean {
  return OPEN.includes(state);
}

/** One attempt in lines: who asked, where it is relaxed, soak, gates, what it waits for and from whom. */
export function attemptLines(version: string, attempt: AttemptStatus | AttemptAt, on: Canvas, linkTo: LinkTo): readonly string[] {
  const { state, relaxed, checks, soak, gates, waitingFor, breakGlass, workflowId, requestedBy } = attempt;
  return [
    ...lines('  ', `${version} ${state}, asked for by ${requestedBy}`, on, on.paint.bold),
    ...(relaxed.length > 0 ? labelled('relaxed', `${relaxed.join(', ')} (looser than the guidelines)`, on, on.paint.yellow) : []),
    ...(isOpen(attempt) && checks && checks.open.length > 0 ? checksLines(checks, on) : []),
    ...(soak && state === 'staging' ? soakLines(soak, on) : []),
    ...(state === 'validating' ? [] : gates.flatMap((gate) => gateLines(gate, state === 'staging', on))),
    ...breakGlass.flatMap((each) => labelled('skipped', each, on, on.paint.yellow)),
    ...(waitingFor && waitingFor.length > 0 ? lines(INDENT, `waits for ${waitingFor.join(', ')}`, on) : []),
    ...runLine(linkTo(workflowId), workflowId, on),
  ];
}

/** The follow-up steps that did not work. */
export function failedSteps(followUps: readonly FollowUp[]): FollowUp[] {
  return followUps.filter(({ outcome }) => outcome === 'failed');
}

/** Each follow-up step that did not work, and why. */
export function failedLines(followUps: readonly FollowUp[], on: Canvas): readonly string[] {
  return failedSteps(followUps).flatMap(({ step, detail }) =>
    labelled('FAILED', `follow-up ${step}: ${inWords(detail)}`, on, toned('bad', on)),
  );
}

/** The follow-up steps that are still to be taken. */
export function goingOnLines(steps: readonly string[], on: Canvas): readonly string[] {
  return steps.length === 0 ? [] : labelled('goes on', `follow-up ${steps.join(', ')}`, on, on.paint.dim);
}

/** While checks are measured: how many have their verdict, and which speak against the version already. */
function checksLines({ all, open, against }: ChecksStatus, on: Canvas): readonly string[] {
  const done = all - open.length;
  const failing = against.length > 0 ? `, against it: ${against.join(', ')}` : '';
  const shown = bar(done, all, on.width < ROOMY ? SHORT_BAR : LONG_BAR);
  return labelled('checks', `${shown}  ${done} of ${all} measured${failing}`, on, toned(against.length > 0 ? 'bad' : 'open', on));
}

function soakLines({ startedAt, earned, min, minEndsAt, maxEndsAt, paused }: SoakStatus | SoakAt, on: Canvas): string[] {
  if (earned === null || minEndsAt === null) {
    const since = `since ${when(startedAt)}${paused ? ', paused' : ''}; the attempt ends ${when(maxEndsAt)}, the maximum`;
    return labelled('soak', since, on, toned(paused ? 'bad' : 'open', on)).slice();
  }
  const isOver = earned >= min;
  const shown = bar(earned, min, on.width < ROOMY ? SHORT_BAR : LONG_BAR);
  const length = `${lasting(Math.min(earned, min))} of ${lasting(min)} healthy${paused ? ', paused' : ''}`;
  const minimum = isOver ? 'the minimum is over' : `the minimum is over ${when(minEndsAt)} if it stays healthy`;
  return [
    ...labelled('soak', `${shown}  ${length}`, on, toned(isOver ? 'good' : paused ? 'bad' : 'open', on)),
    ...labelled('', `${minimum}; the attempt ends ${when(maxEndsAt)}, the maximum`, on),
  ];
}

function gateLines(
  { gate, state, by, at, why, group, who }: GateStatus | GateAt,
  isAsked: boolean,
  on: Canvas,
): readonly string[] {
  const made = by && at ? `${why === null ? '' : ': approved'} by ${by}, ${when(at)}${why === null ? '' : `; ${why}`}` : '';
  const waits =
    isAsked && who && (state === 'open' || state === 'void')
      ? `, waits for ${who.join(' or ') || `nobody left`} in group ${group}`
      : '';
  const name = on.width < ROOMY ? `${gate} ` : padTo(gate, GATE_CELLS);
  const tone = GATE_TONES[state];
  return labelled('gate', `${name}${mark(state, tone, on)}${made}${waits}`, on, toned(tone, on));
}

/** Where the run is; an address that would have to be broken cannot be followed, so there the run's name stands. */
function runLine(link: string | null, workflowId: string, on: Canvas): readonly string[] {
  if (link === null) return [];
  return lines(INDENT, cellsOf(INDENT + link) <= on.width ? link : `run ${workflowId}`, on, on.paint.dim);
}

function labelled(label: string, text: string, on: Canvas, paint?: (line: string) => string): readonly string[] {
  return lines(INDENT + padTo(label, LABEL_CELLS), text, on, paint);
}

/** A step's detail as a sentence's end: what is a text in it, under its name. */
function inWords(detail: JsonValue): string {
  if (typeof detail === 'string') return detail;
  if (detail === null || typeof detail !== 'object') return String(detail);
  const told = Object.entries(detail).flatMap(([name, value]) => (typeof value === 'string' ? [`${name} ${value}`] : []));
  return told.join(', ');
}
