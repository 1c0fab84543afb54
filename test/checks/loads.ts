import type { LabelledRows, Load } from '../../activities/ports.js';

/** A load of a second, and memory enough for any of the models that behave. */
export const short: Load = { ratePerSecond: 50, forMs: 1_000, warmUp: 5, cores: 1, memoryLimitBytes: 1e9 };

/** Rows to feed a model. */
export function rows(width: number, ...values: number[]): Pick<LabelledRows, 'features' | 'width'> {
  return { features: Float32Array.from(values), width };
}
