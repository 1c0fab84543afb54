import { worstSeverity } from '../../domain/live-condition.js';
import { lasting, when } from '../../domain/times.js';
import type { IncidentStatus, WatchStatus } from '../../platform/read/watch-status.js';
import { brief, roomFor } from '../table.js';
import type { Canvas } from '../terminal.js';
import { padTo } from '../width.js';
import { lines, mark, toned, type Tone } from './marks.js';

const INDENT = '  ';
const LABEL_CELLS = 10;
const SECOND_MS = 1_000;
const HEALTH_TONES = { healthy: 'good', warning: 'open', critical: 'bad', unknown: 'unknown' } as const satisfies Record<
  NonNullable<WatchStatus['health']>,
  Tone
>;

/** What the watch saw last, under the model's heading: that nobody watches is said before everything else. */
export function watchLines(watch: WatchStatus, on: Canvas): readonly string[] {
  const { silent, unseen, every, health, reason, source } = watch;
  const label = INDENT + padTo('watch', LABEL_CELLS);
  if (silent) {
    const text = `SILENT: nothing was seen of ${watch.version} for ${lasting(unseen)}, where every ${lasting(every)} is due`;
    return lines(label, text, on, toned('bad', on));
  }
  if (health === null) return lines(label, `nothing was seen of ${watch.version} yet`, on, on.paint.dim);
  const tone = HEALTH_TONES[health];
  const ago = unseen < SECOND_MS ? 'now' : `${lasting(unseen)} ago`;
  const seen = [`${mark(health, tone, on)}, seen ${ago} by ${source}`, figuresIn(watch).join(', ')].filter(Boolean).join(': ');
  const why = brief(reason || (health === 'unknown' ? standInMissing(watch) : ''), roomFor(on));
  return lines(label, [seen, why].filter(Boolean).join('; '), on, toned(tone, on));
}

/** Each open incident: how grave, since when, of which version, and what. */
export function incidentLines(incidents: readonly IncidentStatus[], on: Canvas): readonly string[] {
  return incidents.flatMap(({ severity, since, version, condition, what }) => {
    const isGrave = worstSeverity([severity, 'warning']) !== 'warning';
    const text = `${severity} since ${when(since)}: ${condition} of ${version}: ${what}`;
    return lines(INDENT + padTo('INCIDENT', LABEL_CELLS), text, on, toned(isGrave ? 'bad' : 'open', on));
  });
}

/** Why nobody knows how a version does whose figures can be read. */
function standInMissing({ conditions }: WatchStatus): string {
  return conditions.find(({ condition, known }) => !known && (condition === 'error-rate' || condition === 'latency'))?.why ?? '';
}

function figuresIn({ figures, conditions }: WatchStatus): string[] {
  const { requests, error_rate: errors, p95_ms: p95, accuracy, labels } = figures;
  const drift = conditions.find(({ condition }) => condition === 'drift');
  return [
    ...(requests === undefined ? [] : [`${Number(requests).toFixed(0)} requests`]),
    ...(errors === undefined ? [] : [`error rate ${percent(errors)}`]),
    ...(p95 === undefined ? [] : [`p95 ${Number(p95).toFixed(0)} ms`]),
    ...(accuracy === undefined && requests !== undefined ? ['accuracy not known'] : []),
    ...(accuracy === undefined ? [] : [`accuracy ${percent(accuracy)} of ${Number(labels).toFixed(0)} labels`]),
    ...(drift?.known ? [drift.severity === 'none' ? 'no drift' : 'drift'] : []),
  ];
}

/** To a tenth of a per cent; what is there but less is not called none. */
function percent(share: string): string {
  const tenths = Math.round(Number(share) * 1_000) / 10;
  return tenths === 0 && Number(share) > 0 ? '< 0.1 %' : `${tenths} %`;
}
