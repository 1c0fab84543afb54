/** The kinds of work that workers do: two from task queues of their own, and the look whether what is in production is watched. */
const WORK_KINDS = ['promotions', 'evidence', 'watchdog'] as const;
export type WorkKind = (typeof WORK_KINDS)[number];

/** The kinds that are named, all where none is; what is wrong with it joins `problems`. */
export function workOf(named: string | undefined, problems: string[]): readonly WorkKind[] {
  if (!named) return WORK_KINDS;
  const kind = WORK_KINDS.find((each) => each === named);
  if (!kind) problems.push(`GATEHOUSE_WORK: is none of ${WORK_KINDS.join(', ')}; unset it for all`);
  return kind ? [kind] : WORK_KINDS;
}
