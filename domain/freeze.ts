/** What holds promotions back until somebody lifts it; rollbacks never (rules §1). `since` in epoch milliseconds. */
export interface Freeze {
  /** The model it is for; null for all of them. */
  readonly model: string | null;
  readonly since: number;
  readonly by: string;
  readonly reason: string;
}

/** A freeze in words, as what an attempt waits for. */
export function freezeText({ model, by, reason }: Freeze): string {
  return `the end of the freeze of ${model ?? 'all models'} (by ${by}: ${reason})`;
}
