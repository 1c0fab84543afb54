/** What became of the predictions since the last look. */
export interface TrafficFigures {
  readonly sent: number;
  readonly answered: number;
  /** Answered with a 500, or not at all. */
  readonly failed: number;
  /** Answered with another code: nothing is served, or it is held. */
  readonly refused: number;
  /** Milliseconds, over the answered ones; null where there was none. */
  readonly p50: number | null;
  readonly p95: number | null;
  /** The share of the answered ones whose class was right; null where there was none. */
  readonly accuracy: number | null;
  readonly versions: readonly string[];
}

/** One prediction that came back. */
export interface Came {
  readonly outcome: 'answered' | 'failed' | 'refused';
  readonly ms: number;
  readonly version?: string;
  readonly isRight?: boolean;
}

/** Counts predictions between two looks. */
export function makeTally() {
  let sent = 0;
  let came: Came[] = [];
  return {
    sent: (): void => void (sent += 1),
    came: (one: Came): void => void came.push(one),
    /** The figures since the last look. */
    take(): TrafficFigures {
      const of = (outcome: Came['outcome']) => came.filter((one) => one.outcome === outcome);
      const answered = of('answered');
      const times = answered.map(({ ms }) => ms).sort((a, b) => a - b);
      const figures = {
        sent,
        answered: answered.length,
        failed: of('failed').length,
        refused: of('refused').length,
        p50: quantile(times, 0.5),
        p95: quantile(times, 0.95),
        accuracy: answered.length === 0 ? null : answered.filter(({ isRight }) => isRight).length / answered.length,
        versions: [...new Set(answered.flatMap(({ version }) => version ?? []))],
      };
      sent = 0;
      came = [];
      return figures;
    },
  };
}

/** The nearest rank. */
function quantile(sorted: readonly number[], share: number): number | null {
  return sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)] ?? null;
}
