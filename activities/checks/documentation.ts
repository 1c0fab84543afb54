import { sha256 } from '../../platform/digest.js';
import { FileError, readRegularFile } from '../../platform/files/regular-file.js';
import type { CheckContext } from './check.js';

/** More than anybody reads, and as much as is taken into memory at once. */
const LIMIT_BYTES = 16_000_000;
/** How other formats begin whose bytes can be read as text. */
const OTHER_FORMAT = /^\s*(%PDF-|%!PS|\{\\rtf|<!doctype|<html|<\?xml)/i;
const CONTROL = /(?![\t\n\f\r])\p{Cc}/u;

/** A document's text, or in words why there is none, e.g. `is not in the package`. */
export type ReadDocument = { readonly text: string } | { readonly damage: string };

/** Reads a documentation artifact from the store as Markdown or plain text, which its content tells, not its name. */
export async function readDocumentation(
  { store, subject, signal }: Pick<CheckContext, 'store' | 'subject' | 'signal'>,
  path: string,
): Promise<ReadDocument> {
  const file = subject.manifest.files.find((one) => one.path === path);
  if (!file) return { damage: 'is named in model.yaml, but is not in the package' };
  if (file.size > LIMIT_BYTES) return { damage: `has ${file.size} bytes, more than the ${LIMIT_BYTES} that are read` };
  try {
    const bytes = await readRegularFile(store.pathOf(file.sha256), { maxBytes: LIMIT_BYTES, signal });
    if (sha256(bytes) === file.sha256) return textOf(bytes);
  } catch (problem) {
    if (!(problem instanceof FileError)) throw problem;
  }
  return { damage: `is not in the store with its SHA-256 ${file.sha256}` };
}

function textOf(bytes: Uint8Array): ReadDocument {
  let text: string;
  try {
    text = new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    return { damage: 'is neither Markdown nor plain text: it is not UTF-8' };
  }
  return CONTROL.test(text) || OTHER_FORMAT.test(text) ? { damage: 'is neither Markdown nor plain text' } : { text };
}
