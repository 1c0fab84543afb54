/**
 * Thrown by a check where what it needs is not there or is not what it says it is: the verdict is an error, and trying again would
 * find the same.
 */
export class CannotMeasure extends Error {
  override readonly name = 'CannotMeasure';
}
