import type { Bytes } from './bytes.js';
import { isCalledCode } from './code-names.js';
import type { JudgedLook } from './look.js';

const CHUNK_BYTES = 256 * 1024;
const OVERLAP = 200;

/** Notes in texts that make some reader of them run code. */
const RISKS: readonly (readonly [RegExp, string])[] = [
  [/!!python\/|tag:yaml\.org,2002:python\//, 'has a YAML tag that makes Python objects when it is loaded'],
  [/"class_name"\s*:\s*"(?:[\w.]+>)?Lambda"/, 'has a Keras Lambda layer, which is Python code'],
];

/** Whether bytes are text in UTF-8, a script where it says so or is called so, with what in it could run code reported. */
export async function scanText(bytes: Bytes, { report, recognised, scanned, name, isCode }: JudgedLook): Promise<boolean> {
  const decoder = new TextDecoder('utf-8', { fatal: true });
  const found = new Set<string>();
  let before = '';
  let isScript = isCode || isCalledCode(name);
  for (let at = 0; at < bytes.size; at += CHUNK_BYTES) {
    scanned.signal?.throwIfAborted();
    const text = decoded(decoder, await bytes.read(at, CHUNK_BYTES), at + CHUNK_BYTES < bytes.size);
    if (text === undefined || /[^\P{Cc}\t\n\r\f]/u.test(text)) return false;
    if (at === 0) isScript ||= /^\uFEFF?#!/.test(text);
    const both = before + text;
    for (const [risk, what] of RISKS) if (risk.test(both)) found.add(what);
    before = both.slice(-OVERLAP);
  }
  recognised(isScript ? 'script' : 'text');
  for (const what of found) report('high', '', what);
  return true;
}

function decoded(decoder: InstanceType<typeof TextDecoder>, bytes: Buffer, stream: boolean): string | undefined {
  try {
    return decoder.decode(bytes, { stream });
  } catch {
    return undefined;
  }
}
