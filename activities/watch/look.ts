import type { Found } from '../../domain/live-condition.js';
import type { Judged } from '../../domain/live-severity.js';
import { baselineIn, type InService, type WindowFigures } from '../../platform/read/live.js';
import type { Deps } from '../registry/deps.js';
import { readLive } from './read-live.js';

/** One look at a version in production. */
export interface LiveLook extends Judged {
  /** What is wrong in words, the gravest first; empty when nothing is. */
  readonly reason: string;
  readonly figures: WindowFigures;
  readonly tookMs: number;
}

/** Looks at a version in production once; a source that cannot be read is an answer, not an error. Throws only when cancelled. */
export async function lookAt(deps: Deps, { model, version, policy }: InService, signal: AbortSignal): Promise<LiveLook> {
  const started = performance.now();
  const baseline = await baselineIn(deps.pool, model, version);
  const read = await readLive(deps, { model, version, policy, baseline }, signal);
  return { ...read, reason: reasonOf(read), tookMs: Math.round(performance.now() - started) };
}

/** What was found of a window, in words: what is wrong where something is, else why it is not known. */
export function reasonOf({ found, figures }: Pick<LiveLook, 'found' | 'figures'>): string {
  const { service } = figures;
  if (!service.known) return `${service.cause}: ${service.why}`;
  const wrong = found.filter(({ severity }) => severity !== 'none');
  return wrong.map(said).join('; ');
}

function said({ condition, severity, measured, limit, why }: Found): string {
  return [`${condition} ${severity}: ${measured}`, limit && `limit ${limit}`, why].filter(Boolean).join(', ');
}
