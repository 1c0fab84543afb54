import { formatFigure } from './metrics.js';

/** A point of a curve that is drawn beside a finding's figures. */
export type Point = readonly [x: number, y: number];

/** The most points a curve is kept with: more than an eye tells apart, and little to sign. */
export const CURVE_POINTS = 64;

/**
 * The ROC curve of a classifier, x the share of negatives and y the share of positives that score at least as high as a
 * threshold which falls from above every score to below: its corners, thinned to {@link CURVE_POINTS}. The area under all of
 * them is `rocAuc`. Throws a RangeError where only one class is there.
 */
export function rocCurve(truth: ArrayLike<number>, scores: ArrayLike<number>): Point[] {
  const order = Array.from({ length: truth.length }, (_, row) => row).sort((a, b) => Number(scores[b]) - Number(scores[a]));
  const positives = order.filter((row) => truth[row] === 1).length;
  const negatives = order.length - positives;
  if (positives === 0 || negatives === 0) throw new RangeError('a ROC curve is of two classes');
  const counted = [0, 0] as [number, number];
  const steps: Point[] = [[0, 0]];
  order.forEach((row, at) => {
    counted[truth[row] === 1 ? 1 : 0] += 1;
    const next = order[at + 1];
    if (next === undefined || scores[next] !== scores[row]) steps.push([counted[0] / negatives, counted[1] / positives]);
  });
  return thinned(steps.filter(isCorner));
}

/** A point on the straight line from the one before to the one after says nothing. */
function isCorner([x, y]: Point, at: number, all: readonly Point[]): boolean {
  const [before, after] = [all[at - 1], all[at + 1]];
  return !before || !after || (x - before[0]) * (after[1] - y) !== (y - before[1]) * (after[0] - x);
}

/** At most {@link CURVE_POINTS} of a curve that only rises, evenly along the way from its first to its last point. */
function thinned(points: readonly Point[]): Point[] {
  if (points.length <= CURVE_POINTS) return [...points];
  const [first, last] = [points[0], points.at(-1)] as [Point, Point];
  const way = ([x, y]: Point) => x - first[0] + (y - first[1]);
  const kept: Point[] = [first];
  for (const point of points.slice(1, -1)) {
    if (way(point) * (CURVE_POINTS - 1) >= kept.length * way(last)) kept.push(point);
  }
  return [...kept.slice(0, CURVE_POINTS - 1), last];
}

/** A curve as the text a finding keeps: `0 0, 0.25 0.9, 1 1`. */
export function curveText(points: readonly Point[]): string {
  return points.map(([x, y]) => `${formatFigure(x, 4)} ${formatFigure(y, 4)}`).join(', ');
}

/** The curve that a text keeps; undefined where it is not one. */
export function readCurve(text: string): Point[] | undefined {
  const points = text.split(', ').map((pair) => pair.split(' ').map(Number));
  const isCurve = points.length > 1 && points.every((pair) => pair.length === 2 && pair.every(Number.isFinite));
  return isCurve ? points.map(([x = 0, y = 0]) => [x, y]) : undefined;
}
