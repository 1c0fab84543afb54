const SHOWN = 5;

/**
 * One row for a model from what a caller sent: a number for each of its features by name, or all of them in its order. Answers
 * one line instead where a feature is unknown, missing or no finite 32-bit number.
 */
export function rowOf(given: unknown, names: readonly string[]): Float32Array | string {
  const values = Array.isArray(given) ? inOrder(given, names) : byName(given, names);
  if (typeof values === 'string') return values;
  const row = Float32Array.from(values as readonly number[]);
  const wrong = names.filter((_name, i) => typeof values[i] !== 'number' || !Number.isFinite(row[i]));
  return wrong.length > 0 ? `features: ${listed(wrong)} must be a finite number` : row;
}

function inOrder(given: readonly unknown[], names: readonly string[]): readonly unknown[] | string {
  return given.length === names.length ? given : `features: ${given.length} given, the model takes ${names.length}`;
}

function byName(given: unknown, names: readonly string[]): readonly unknown[] | string {
  if (typeof given !== 'object' || given === null)
    return 'features: an object of numbers by name, or a list of numbers, is needed';
  const values = new Map(Object.entries(given));
  const missing = names.filter((name) => !values.has(name));
  if (missing.length > 0) return `features: ${listed(missing)} missing`;
  const known = new Set(names);
  const unknown = [...values.keys()].filter((name) => !known.has(name));
  if (unknown.length > 0) return `features: the model has no ${listed(unknown.map((name) => JSON.stringify(name.slice(0, 60))))}`;
  return names.map((name) => values.get(name));
}

function listed(names: readonly string[]): string {
  const more = names.length - SHOWN;
  return `${names.slice(0, SHOWN).join(', ')}${more > 0 ? ` and ${more} more` : ''}`;
}
