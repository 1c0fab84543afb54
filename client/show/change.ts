import type { Status } from '../../platform/read/status.js';
import type { WatchStatus } from '../../platform/read/watch-status.js';

/**
 * What makes one look differ from another for somebody who watches: everything but the clock, the soak by whole per cent, and of
 * what the watch sees how bad it is, since its figures differ in every window. Two looks with the same text show the same.
 */
export function changeKey({ models }: Status): string {
  return JSON.stringify(models, (name, value: unknown) => {
    if (name === 'soak') return soakKey(value as SoakParts | null);
    return name === 'watch' ? watchKey(value as WatchStatus | null) : value;
  });
}

function watchKey(watch: WatchStatus | null): unknown {
  if (!watch) return null;
  const { version, silent, health, severity, source } = watch;
  return { version, silent, health, severity, source };
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
