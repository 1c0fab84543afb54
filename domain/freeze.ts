/** What holds promotions back until somebody lifts it; rollbacks never (rules §1). `since` in epoch milliseconds. */
export interface Freeze {
  /** The model it is for; null for all of them. */
  readonly model: string | null;
  readonly since: number;
  readonly by: string;
  readonly reason: string;
  /** Set for a hold, which stops the serving side as well. */
  readonly kind?: 'hold';
}

/** A freeze or hold in words, as what an attempt waits for. */
export function freezeText({ model, by, reason, kind }: Freeze): string {
  return `the end of the ${kind ?? 'freeze'} of ${model ?? 'all models'} (by ${by}: ${reason})`;
}
