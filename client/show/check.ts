import { SKIP_REASONS, type CheckName } from '../../domain/checks.js';
import type { Condition } from '../../domain/eligibility.js';
import { parseDuration } from '../../domain/quantity.js';
import { lasting, when } from '../../domain/times.js';
import type { Check } from '../../platform/read/check.js';
import { brief, roomFor, table, type Cell } from '../table.js';
import type { Canvas } from '../terminal.js';
import { headline } from './headline.js';
import { lines, mark, toned, type Tone } from './marks.js';

/** What `check` says of a condition: that it is met, that it is not, or that nobody knows yet. */
export type Verdict = 'met' | 'not met' | 'unknown';

const TONES = { met: 'good', 'not met': 'bad', unknown: 'unknown' } as const satisfies Record<Verdict, Tone>;

/** What `check` shows: one sentence, then a row for each condition with what is known of it and who can meet it. */
export function checkLines(found: Check, on: Canvas): readonly string[] {
  const rows = found.conditions.map((condition) => row(condition, on));
  const { relaxed } = found;
  return [
    ...lines('', headline(found), on, on.paint.bold),
    ...(relaxed.length > 0 ? lines('relaxed  ', `${relaxed.join(', ')} (looser than the guidelines)`, on, on.paint.yellow) : []),
    '',
    ...table(['CONDITION', 'VERDICT', 'MEASURED', 'LIMIT', 'WHO CAN MEET IT'], rows, on).split('\n'),
  ];
}

/** A condition's verdict in words: `error` is unknown, as is a check that has not run; a skip counts only for a reason of its rule. */
export function verdictOf({ id, kind, verdict, measured }: Condition): Verdict {
  switch (verdict) {
    case 'pass':
      return 'met';
    case 'fail':
      return 'not met';
    case 'error':
      return 'unknown';
    case 'pending':
      return kind === 'check' ? 'unknown' : 'not met';
    case 'skipped':
      return (SKIP_REASONS[id as CheckName] ?? []).includes(measured ?? '') ? 'met' : 'not met';
  }
}

function row(condition: Condition, on: Canvas): Cell[] {
  const verdict = verdictOf(condition);
  const tone = TONES[verdict];
  return [
    condition.id,
    { text: mark(verdict, tone, on), paint: toned(tone, on) },
    brief(measuredIn(condition), roomFor(on)),
    brief(limitIn(condition), roomFor(on)),
    verdict === 'met' ? null : condition.who,
  ];
}

/** Why a condition is not met, or else its figures: of many those that have a limit. `--json` has all of them. */
function measuredIn({ kind, verdict, measured, limit, source }: Condition): string {
  if (measured === null) return verdict === 'pending' ? source : '';
  if (kind === 'soak') return inDays(measured);
  if (kind !== 'check') return measured.replace(/\d{4}-\d\d-\d\dT[\d:.]+Z/g, (iso) => when(iso));
  const [figures = '', ...reasons] = measured.split('; ');
  if (verdict !== 'pass') return reasons.join('; ') || figures;
  const limited = namesIn(limit);
  const shown = figures.split(', ').filter((figure) => limited.includes(nameOf(figure)));
  return shown.length > 0 ? shown.join(', ') : figures;
}

/** The limits of what was measured; one that only repeats its figure says nothing. */
function limitIn({ kind, measured, limit }: Condition): string {
  if (kind === 'soak') return inDays(limit ?? '');
  const figures = (measured ?? '').split('; ')[0]?.split(', ') ?? [];
  return (limit ?? '')
    .split(', ')
    .filter((each) => !figures.includes(each))
    .join(', ');
}

function namesIn(list: string | null): string[] {
  return (list ?? '').split(', ').map(nameOf);
}

function nameOf(figure: string): string {
  return figure.split(' ', 1)[0] ?? '';
}

/** On the record a soak is written as `6d23h59m59s`. */
function inDays(text: string): string {
  return text.replace(/\b(?:\d+(?:ms|[dhms]))+\b/g, (written) => lasting(parseDuration(written) ?? 0));
}
