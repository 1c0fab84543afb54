import type { Status } from '../../platform/read/status.js';

/**
 * What makes one look differ from another for somebody who watches: everything but the clock, and the soak by whole per
 * cent. Two looks with the same text show the same.
 */
export function changeKey({ models }: Status): string {
  return JSON.stringify(models, (name, value: unknown) => (name === 'soak' ? soakKey(value as SoakParts | null) : value));
}

interface SoakParts {
  readonly earned: number;
  readonly min: number;
  readonly maxEndsAt: string;
  readonly paused: boolean;
}

function soakKey(soak: SoakParts | null): unknown {
  if (!soak) return null;
  const { earned, min, maxEndsAt, paused } = soak;
  const percent = Math.floor((Math.min(earned, min) / Math.max(1, min)) * 100);
  // While a soak is paused its ends move with the clock.
  return paused ? { percent, paused } : { percent, paused, maxEndsAt };
}
