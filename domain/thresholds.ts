import type { ClassifierFigures } from './metrics.js';

/**
 * Whether a figure reaches its minimum; the minimum itself is enough (rules §2: limits are inclusive where the guidelines
 * say minimum). A share k/n equal to the limit is the same double as the limit, since both are rounded from the same number.
 */
export function meetsMinimum(figure: number, minimum: number): boolean {
  return figure >= minimum;
}

/** The figures by which two versions are compared: both must hold (rules §2). */
const COMPARED = ['accuracy', 'rocAuc'] as const satisfies readonly (keyof ClassifierFigures)[];
export type ComparedFigures = Pick<ClassifierFigures, (typeof COMPARED)[number]>;

/** In which of the compared figures a candidate is worse than production; "equal or better" lets a tie pass, so a tie is in none. */
export function worseIn(candidate: ComparedFigures, production: ComparedFigures): (keyof ComparedFigures)[] {
  return COMPARED.filter((name) => !(candidate[name] >= production[name]));
}
