import { formatApart, formatFigure, type Interval } from '../../domain/metrics.js';
import { gatedFigure, meetsMinimum, type Gating } from '../../domain/thresholds.js';

/** A minimum as a limit in words. */
export function atLeast(minimum: number, gate: Gating): string {
  return `>= ${formatFigure(minimum)}${gate === 'lower' ? ' at the lower end of the 95 % interval' : ''}`;
}

/** Why a figure does not reach its minimum, or nothing when it does. */
export function below(
  what: string,
  { figure, interval }: { readonly figure: number; readonly interval: Interval },
  minimum: number,
  gate: Gating,
): string[] {
  const held = gatedFigure(figure, interval, gate);
  if (meetsMinimum(held, minimum)) return [];
  const [measured, asked] = formatApart(held, minimum);
  return gate === 'lower'
    ? [`the lower end of ${what} ${formatFigure(figure)}, ${measured}, is below ${asked}`]
    : [`${what} ${measured} is below ${asked}`];
}
