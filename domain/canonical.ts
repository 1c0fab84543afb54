export type JsonValue = string | number | boolean | null | readonly JsonValue[] | { readonly [key: string]: JsonValue };

/**
 * The canonical JSON text of a value (RFC 8785: keys sorted by UTF-16 code units, no white space).
 * Throws a RangeError on numbers JSON cannot carry.
 */
export function canonicalJson(value: JsonValue): string {
  // What is in order already, as everything is that was canonical before, needs no sorting.
  return isInOrder(value) ? JSON.stringify(value) : inOrder(value);
}

function isInOrder(value: JsonValue): boolean {
  if (typeof value === 'number') return Number.isFinite(value);
  if (value === null || typeof value !== 'object') return value !== undefined;
  if (isList(value)) return value.every(isInOrder);
  let before = '';
  return Object.keys(value).every((key, i) => {
    const follows = i === 0 || before < key;
    before = key;
    return follows && isInOrder(value[key] as JsonValue);
  });
}

function inOrder(value: JsonValue): string {
  if (typeof value === 'number' && !Number.isFinite(value)) throw new RangeError(`not a JSON number: ${value}`);
  if (value === null || typeof value !== 'object') return JSON.stringify(value);
  if (isList(value)) return `[${value.map(inOrder).join(',')}]`;
  const members = Object.keys(value)
    .sort()
    .map((key) => `${JSON.stringify(key)}:${inOrder(value[key] as JsonValue)}`);
  return `{${members.join(',')}}`;
}

function isList(value: JsonValue): value is readonly JsonValue[] {
  return Array.isArray(value);
}
