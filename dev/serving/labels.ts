/** A prediction that a label may still arrive for. */
export interface Remembered {
  readonly model: string;
  readonly version: string;
  readonly predicted: number;
  truth?: number;
}

/** The newest predictions by their id, so that a label is counted for the version that answered. */
export interface Labels {
  remember(id: string, made: Remembered): void;
  find(id: string): Remembered | undefined;
}

/** Remembers so many predictions; of older ones the log alone knows. */
export function makeLabels(most = 100_000): Labels {
  const made = new Map<string, Remembered>();
  return {
    remember(id, one) {
      made.set(id, one);
      if (made.size <= most) return;
      const [oldest] = made.keys();
      if (oldest !== undefined) made.delete(oldest);
    },
    find: (id) => made.get(id),
  };
}
