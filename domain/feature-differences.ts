import type { Feature } from './checks.js';

/** How one column of a model is not as the view has it; a side where the column is not there says so. */
export interface ColumnDifference {
  readonly column: string;
  readonly kind: 'missing' | 'extra' | 'repeated' | 'of another type' | 'moved';
  /** Its type and position in the model, e.g. `int64, column 3`. */
  readonly model: string;
  /** Its type and position in the view. */
  readonly view: string;
}

interface Place {
  readonly type: string;
  readonly at: number;
  /** All positions of the name, when it is there more than once. */
  readonly all: readonly number[];
}

/**
 * Every column in which a model's features are not those of a view: those of the view in its order, then the model's own.
 * Columns whose places follow from a missing or an extra one are not moved; of those that changed places, as few as can be are named.
 */
export function columnDifferences(model: readonly Feature[], view: readonly Feature[]): ColumnDifference[] {
  const [given, asked] = [placesOf(model), placesOf(view)];
  const still = unmoved(
    [...given.keys()].filter((name) => asked.has(name)).map((name) => ({ name, at: asked.get(name)?.at ?? 0 })),
  );
  const kindOf = (name: string): ColumnDifference['kind'] | undefined => {
    const [mine, theirs] = [given.get(name), asked.get(name)];
    if (!mine) return 'missing';
    if (!theirs) return 'extra';
    if (mine.all.length > 1) return 'repeated';
    if (mine.type !== theirs.type) return 'of another type';
    return still.has(name) ? undefined : 'moved';
  };
  return [...asked.keys(), ...[...given.keys()].filter((name) => !asked.has(name))].flatMap((column) => {
    const kind = kindOf(column);
    return kind ? [{ column, kind, model: placeText(given.get(column)), view: placeText(asked.get(column)) }] : [];
  });
}

function placesOf(features: readonly Feature[]): Map<string, Place> {
  const places = new Map<string, Place>();
  features.forEach(({ name, type }, index) => {
    const before = places.get(name);
    places.set(name, { type, at: index + 1, ...before, all: [...(before?.all ?? []), index + 1] });
  });
  return places;
}

function placeText(place: Place | undefined): string {
  return place ? `${place.type}, column ${place.all.join(' and ')}` : 'not there';
}

/** The names of a longest run of places that only grow: taken as being where they were (patience sorting). */
function unmoved(columns: readonly { readonly name: string; readonly at: number }[]): Set<string> {
  interface Link {
    readonly name: string;
    readonly at: number;
    readonly before: Link | undefined;
  }
  const ends: Link[] = [];
  for (const { name, at } of columns) {
    const found = ends.findIndex((end) => end.at >= at);
    const length = found === -1 ? ends.length : found;
    ends[length] = { name, at, before: ends[length - 1] };
  }
  const names = new Set<string>();
  for (let link = ends.at(-1); link; link = link.before) names.add(link.name);
  return names;
}
