/** Why the stack cannot start, where more can be said than to read a log. */
export class StartError extends Error {
  override readonly name = 'StartError';

  constructor(
    message: string,
    readonly next: string,
  ) {
    super(message);
  }
}
