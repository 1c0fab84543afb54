const SECOND_MS = 1_000;
const DAY_MS = 24 * 60 * 60 * SECOND_MS;
const UNITS = [
  ['day', 'd', DAY_MS],
  ['hour', 'h', DAY_MS / 24],
  ['minute', 'min', 60 * SECOND_MS],
  ['second', 's', SECOND_MS],
] as const;

/** A time as people read it, to the second in UTC. */
export function when(iso: string): string {
  return `${iso.slice(0, 10)} ${iso.slice(11, 19)} UTC`;
}

/** A duration as people read it, in its two largest units and never more than has passed: `7 days`, `3 d 4 h`, `12 s`. */
export function lasting(ms: number): string {
  const first = UNITS.findIndex(([, , unit]) => ms >= unit);
  const [large, small] = UNITS.slice(first === -1 ? -1 : first);
  if (!large) return '';
  const [word, sign, unit] = large;
  const count = Math.floor(ms / unit);
  const rest = small ? Math.floor((ms % unit) / small[2]) : 0;
  if (rest === 0) return `${count} ${word}${count === 1 ? '' : 's'}`;
  return `${count} ${sign} ${rest} ${small?.[1] ?? ''}`;
}
