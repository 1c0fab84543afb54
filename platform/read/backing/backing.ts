import type { JsonValue } from '../../../domain/canonical.js';
import type { TrailEvent } from '../audit-trail.js';

/** Compares one kind of row with the audit trail as its events are read, in their order. */
export interface Backing {
  /** What is wrong with what these events speak of, in words. */
  take(events: readonly TrailEvent[]): Promise<string[]>;
  /** Everything else that one says without the other, in words; asked for once, after the last event. */
  finish(): Promise<string[]>;
}

/** A moment on the trail. */
export type Moment = Pick<TrailEvent, 'seq' | 'at'>;

/** A detail's text, or '' where the event says something else. */
export function textOf(value: JsonValue | undefined): string {
  return typeof value === 'string' ? value : '';
}

/** The texts of a detail that is a list of them. */
export function textsOf(value: JsonValue | undefined): readonly string[] {
  return Array.isArray(value) ? value.map((each: JsonValue) => textOf(each)) : [];
}

/** When an event happened. */
export function momentOf({ seq, at }: TrailEvent): Moment {
  return { seq, at };
}

/** The first name under which `is` and `says` differ, with what the record has. */
export function differing(is: Readonly<Record<string, unknown>>, says: Readonly<Record<string, unknown>>): string | undefined {
  const name = Object.keys(says).find((each) => JSON.stringify(is[each]) !== JSON.stringify(says[each]));
  return name === undefined ? undefined : `its ${name} is ${shown(is[name])}`;
}

/** Rows under what they have in common. */
export function grouped<K, Row>(rows: readonly Row[], keyOf: (row: Row) => K): Map<K, Row[]> {
  const groups = new Map<K, Row[]>();
  for (const row of rows) {
    const key = keyOf(row);
    const group = groups.get(key);
    if (group) group.push(row);
    else groups.set(key, [row]);
  }
  return groups;
}

const SHOWN_LENGTH = 80;

function shown(value: unknown): string {
  const text = JSON.stringify(value) ?? 'missing';
  return text.length > SHOWN_LENGTH ? `${text.slice(0, SHOWN_LENGTH)}…` : text;
}
