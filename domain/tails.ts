/** The 99 % point of the standard normal distribution, for one-sided 99 % bounds. */
export const Z99 = 2.3263478740408408;

/**
 * The chance that a standard normal variable is above `z`: its Taylor series near the middle (Marsaglia 2004, Journal of
 * Statistical Software 11:4) and Laplace's continued fraction further out (Abramowitz & Stegun 26.2.14).
 */
export function normalTail(z: number): number {
  if (z < 0) return 1 - normalTail(-z);
  const density = Math.exp((-z * z) / 2) / Math.sqrt(2 * Math.PI);
  if (z < 2.5) {
    let [sum, term] = [0, z];
    for (let odd = 1; term > sum * 1e-17; odd += 2) {
      sum += term;
      term *= (z * z) / (odd + 2);
    }
    return 0.5 - density * sum;
  }
  let fraction = z;
  for (let step = 200; step > 0; step--) fraction = z + step / fraction;
  return density / fraction;
}

/**
 * The chance that a chi-square variable with so many degrees of freedom, a whole number, is above `x`
 * (Abramowitz & Stegun 26.4.4 and 26.4.5).
 */
export function chiSquareTail(x: number, degrees: number): number {
  if (x <= 0) return 1;
  const root = Math.sqrt(x);
  const even = degrees % 2 === 0;
  let term = even ? Math.exp(-x / 2) : (2 * root * Math.exp(-x / 2)) / Math.sqrt(2 * Math.PI);
  let tail = even ? 0 : 2 * normalTail(root);
  for (let next = even ? 2 : 3; next <= degrees; next += 2) {
    tail += term;
    term *= x / next;
  }
  return Math.min(1, tail);
}

/**
 * The chance that the largest distance of two samples of one continuous distribution, so many values each, is at least
 * `distance`: Kolmogorov's distribution with the correction of Stephens (1970, Journal of the Royal Statistical Society B 32:115)
 * for few values. Where values are tied the true chance is smaller.
 */
export function distanceTail(distance: number, first: number, second: number): number {
  const root = Math.sqrt((first * second) / (first + second));
  return kolmogorovTail((root + 0.12 + 0.11 / root) * distance);
}

/** The chance that Kolmogorov's variable is above `x` (Kolmogorov 1933, Giornale dell'Istituto Italiano degli Attuari 4:83). */
export function kolmogorovTail(x: number): number {
  // Below this the chance is 1 to the last digit, while the series no longer converges.
  if (x < 0.2) return 1;
  let [tail, sign] = [0, 1];
  for (let k = 1; k <= 100; k++) {
    const term = Math.exp(-2 * k * k * x * x);
    tail += sign * term;
    if (term < 1e-18 * tail) break;
    sign = -sign;
  }
  return Math.min(1, Math.max(0, 2 * tail));
}

/**
 * The chance that at least `hits` of `rows` are marked, when so many of all are marked and the rows are any of all: one side of
 * Fisher's exact test (Fisher 1922, Journal of the Royal Statistical Society 85:87). Whole numbers; `rows` and `marked` are at
 * most `all`.
 */
export function fisherTail(hits: number, rows: number, marked: number, all: number): number {
  let tail = 0;
  const first = Math.max(hits, rows + marked - all, 0);
  if (first > Math.min(rows, marked)) return 0;
  let term = Math.exp(logChoose(marked, first) + logChoose(all - marked, rows - first) - logChoose(all, rows));
  for (let k = first; k <= Math.min(rows, marked); k++) {
    tail += term;
    term *= ((marked - k) / (k + 1)) * ((rows - k) / (all - marked - rows + k + 1));
  }
  return Math.min(1, tail);
}

function logChoose(all: number, some: number): number {
  let log = 0;
  for (let k = 1; k <= some; k++) log += Math.log((all - some + k) / k);
  return log;
}
