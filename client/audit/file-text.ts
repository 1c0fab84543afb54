import { canonicalJson, type JsonValue } from '../../domain/canonical.js';

/** A document as it is kept in a file: one line of canonical JSON in ASCII, the same bytes for the same content. */
export function fileText(document: JsonValue): string {
  // One text for one content, that no terminal obeys and no editor turns into another.
  const escaped = canonicalJson(document).replace(/[^\x20-\x7e]/g, (unit) => {
    return `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`;
  });
  return `${escaped}\n`;
}
