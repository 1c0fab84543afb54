import { when } from '../../domain/times.js';
import type { WatchStatus } from '../../platform/read/watch-status.js';
import type { Canvas } from '../terminal.js';
import { labelled } from './attempt.js';
import { toned } from './marks.js';

const SILENT = 'nothing is seen of it';

/** What is wrong with a version in production, at a glance. */
export function watchNotes(watch: WatchStatus | null): readonly string[] {
  if (!watch) return [];
  return [...(watch.silent ? [SILENT] : []), ...watch.incidents.map(({ condition, severity }) => `${condition} ${severity}`)];
}

/** Each open incident of a version in production, and that nobody watches it. */
export function watchLines(watch: WatchStatus | null, on: Canvas): readonly string[] {
  if (!watch) return [];
  const bad = toned('bad', on);
  const silent = watch.silent ? labelled('UNWATCHED', `${SILENT} for longer than its policy says`, on, bad) : [];
  const incidents = watch.incidents.flatMap(({ condition, severity, openedAt, what }) =>
    labelled('INCIDENT', `${condition} ${severity} since ${when(openedAt)}: ${what}`, on, bad),
  );
  return [...silent, ...incidents];
}
