import type { Moment } from './backing.js';

interface Written {
  readonly receivedAt: string;
  readonly event: Moment;
}

/** Whether rows that were numbered when they were written still stand in the order of their events. */
export interface Order {
  /** What is wrong with the next row, by its number, of those that are counted together. */
  fault(of: string, row: Written): string | undefined;
}

/** Starts before the first row. */
export function createOrder(): Order {
  const before = new Map<string, Written>();
  return {
    fault(of, row) {
      const last = before.get(of);
      before.set(of, row);
      if (!last || last.event.seq < row.event.seq) return undefined;
      // Two acts at the same moment may get their numbers in one order and their events in the other.
      if (last.receivedAt <= row.event.at) return undefined;
      return `it stands after a later one, that of event ${last.event.seq}`;
    },
  };
}
