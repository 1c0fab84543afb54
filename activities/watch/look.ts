import type { Condition } from '../../domain/live-condition.js';
import type { WindowVerdict } from '../../domain/live-severity.js';
import { baselineIn, labelledWindows, type InService, type WindowFigures } from '../../platform/read/live.js';
import type { Deps } from '../registry/deps.js';
import { readLive } from './read-live.js';
import type { TrainingOf } from './training-of.js';

/** One look at a version in production. */
export interface LiveLook extends WindowVerdict {
  /** What is wrong in words, the gravest first; empty when nothing is. */
  readonly reason: string;
  readonly figures: WindowFigures;
  readonly tookMs: number;
}

/** Looks at a version in production once; a source that cannot be read is an answer, not an error. Throws only when cancelled. */
export async function lookAt(
  deps: Deps,
  { changeKey, model, version, policy, servesMs }: InService,
  { trainingOf, signal }: { readonly trainingOf: TrainingOf; readonly signal: AbortSignal },
): Promise<LiveLook> {
  const started = performance.now();
  const baseline = await baselineIn(deps.pool, model, version);
  const training = await trainingOf({ model, version }, undefined, signal);
  const labelled = await labelledWindows(deps.pool, changeKey, policy.drift.trend_windows);
  const read = await readLive(deps, { model, version, policy, baseline, training, labelled, sinceMs: servesMs }, signal);
  return { ...read, reason: reasonOf(read), tookMs: Math.round(performance.now() - started) };
}

/** What was found of a window, in words: why it is not known, or else what is wrong. */
export function reasonOf({ conditions, figures }: Pick<LiveLook, 'conditions' | 'figures'>): string {
  const { service } = figures;
  if (!service.known) return `${service.cause}: ${service.why}`;
  return conditions
    .filter(({ severity }) => severity !== 'none')
    .map(said)
    .join('; ');
}

function said({ condition, severity, why }: Condition): string {
  return `${condition} ${severity}: ${why}`;
}
