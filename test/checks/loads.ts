import type { LabelledRows, Load, RunLimits } from '../../activities/ports.js';

/** A load of a second. */
export const short: Load = { ratePerSecond: 50, forMs: 1_000, warmUp: 5, cores: 1 };

/** Memory enough for any of the models that behave. */
export const roomy: RunLimits = { memoryLimitBytes: 1e9 };

/** Rows to feed a model. */
export function rows(width: number, ...values: number[]): Pick<LabelledRows, 'features' | 'width'> {
  return { features: Float32Array.from(values), width };
}
