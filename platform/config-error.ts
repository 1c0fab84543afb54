import type { Refusal } from '../domain/refusal.js';

/** The configuration cannot be used: one line for each problem, each beginning with its variable. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError';
  readonly refusal: Refusal;

  constructor(readonly problems: readonly string[]) {
    super(problems.join('\n'));
    this.refusal = { kind: 'usage', what: problems.join('; ') };
  }
}
