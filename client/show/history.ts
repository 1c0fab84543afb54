import { lasting, when } from '../../domain/times.js';
import type { History, Interval } from '../../platform/read/history.js';
import { brief, roomFor, table, type Cell } from '../table.js';
import type { Canvas } from '../terminal.js';
import { lines, toned } from './marks.js';

/** What `history` shows: the stretches of production, oldest first, and the attempts that ended without one. */
export function historyLines({ model, asOf, intervals, attempts }: History, on: Canvas): readonly string[] {
  const none = `${model}: nothing has been in production yet. Next: gatehouse status --model-name ${model}`;
  const skipped = intervals.flatMap((interval) => glassLines(interval, on));
  const stretches = intervals.map((interval) => intervalRow(interval, asOf, on));
  const ended = attempts.map(({ version, state, endedAt, requestedBy, reason }): Cell[] => {
    return [version, { text: state, paint: toned('bad', on) }, when(endedAt), requestedBy, brief(reason ?? '', roomFor(on))];
  });
  const produced = ['VERSION', 'FROM', 'TO', 'FOR', 'ENDED', 'ASKED FOR BY', 'APPROVED BY'];
  return [
    ...(intervals.length === 0 ? lines('', none, on) : lines('', `${model} in production`, on, on.paint.bold)),
    ...(intervals.length === 0 ? [] : table(produced, stretches, on).split('\n')),
    ...(skipped.length === 0 ? [] : ['', ...skipped]),
    ...(attempts.length === 0 ? [] : ['', ...lines('', 'Attempts that ended without production', on, on.paint.bold)]),
    ...(attempts.length === 0 ? [] : table(['VERSION', 'ENDED', 'AT', 'ASKED FOR BY', 'REASON'], ended, on).split('\n')),
  ];
}

function intervalRow(interval: Interval, asOf: string, on: Canvas): Cell[] {
  const { version, from, to, requestedBy, approvals, kind } = interval;
  const forMs = Date.parse(to ?? asOf) - Date.parse(from);
  return [
    version,
    when(from),
    to === null ? { text: 'serving', paint: toned('good', on) } : when(to),
    lasting(forMs),
    endedText(interval, on),
    requestedBy === null ? 'nobody: the watch' : kind === 'promotion' ? requestedBy : `${requestedBy} (${kind})`,
    approvals.length > 0 ? approvals.map(({ gate, by }) => `${gate}: ${by}`) : null,
  ];
}

/** Which wait was skipped by whom and why, and the review that is owed for it. */
function glassLines({ version, breakGlass, review }: Interval, on: Canvas): readonly string[] {
  const [first] = breakGlass;
  if (!first) return [];
  const by = breakGlass.map(({ by: person, skip, reason }) => `${person} (${skip}: ${reason})`).join(' and ');
  const owed =
    review && `; review by ${review.owner} ${review.closedAt ? `closed ${when(review.closedAt)}` : `due ${when(review.dueAt)}`}`;
  return lines('', `BREAK-GLASS ${version} by ${by}${owed ?? ''}`, on, on.paint.yellow);
}

function endedText({ ended }: Interval, on: Canvas): string | null {
  if (!ended) return null;
  const { how, by, person, reason } = ended;
  if (how === 'replaced') return `replaced by ${by}`;
  const what = by === null ? how : `${how} to ${by}`;
  return brief([`${what} by ${person ?? 'itself'}`, reason ?? []].flat().join(': '), roomFor(on));
}
