/** One stretch for which a person stopped a soak; `to` is null while it is open. Instants in epoch milliseconds. */
export interface Pause {
  readonly from: number;
  readonly to: number | null;
  readonly by: string;
  readonly reason: string;
}

/** The pause that is open, if any. */
export function openPause(pauses: readonly Pause[]): Pause | undefined {
  return pauses.find(({ to }) => to === null);
}

/** How much of the time between two instants was paused, in milliseconds. */
export function pausedWithin(pauses: readonly Pause[], from: number, to: number): number {
  return pauses.reduce((sum, pause) => {
    const [begins, ends] = [Math.max(from, pause.from), Math.min(to, pause.to ?? to)];
    return sum + Math.max(0, ends - begins);
  }, 0);
}
