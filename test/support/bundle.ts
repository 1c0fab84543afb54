import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileText } from '../../client/audit/file-text.js';
import { canonicalJson, type JsonValue } from '../../domain/canonical.js';
import { chainLink } from '../../platform/audit.js';
import { sha256 } from '../../platform/digest.js';
import type { Bundle } from '../../platform/read/bundle.js';
import { root, type Ran } from './stack.js';

/** The file that a bundle is exported as. */
export const written = (bundle: Bundle): string => fileText({ ...bundle, digest: sha256(fileText(bundle).trimEnd()) });

/** What the script in `docs/` says of a file, and of a checkpoint beside it, with nothing else at hand. */
export async function verifyAlone(text: string, checkpoint?: string): Promise<Ran> {
  const dir = mkdtempSync(join(tmpdir(), 'gatehouse-bundle-'));
  const files = [text, ...(checkpoint === undefined ? [] : [checkpoint])].map((content, i) => {
    const file = join(dir, `${i}.json`);
    writeFileSync(file, content);
    return file;
  });
  const args = [join(root, 'docs', 'verify-bundle.mjs'), ...files];
  const ran = await new Promise<Ran>((done) => {
    execFile(process.execPath, args, { env: {}, cwd: dir }, (error, stdout, stderr) =>
      done({ code: error ? Number(error.code) : 0, stdout, stderr }),
    );
  });
  rmSync(dir, { recursive: true, force: true });
  return ran;
}

export type Detail = Record<string, unknown>;

/** The detail of the first event of an action. */
export const detailOf = ({ events }: Bundle, action: string): Detail => {
  const bodies = events.map(({ body }) => JSON.parse(body) as { action: string; detail: Detail });
  return bodies.find((event) => event.action === action)?.detail ?? {};
};

/** The first event of an action with another detail, and a hash to match, where no neighbour shows it. */
export function edited(bundle: Bundle, action: string, edit: (detail: Detail) => unknown, of?: string): Bundle {
  let previous = '';
  let isDone = false;
  const events = bundle.events.map((event, i) => {
    const read = JSON.parse(event.body) as { action: string; subject: string; seq: number; detail: Detail };
    const before = JSON.parse(bundle.events[i - 1]?.body ?? '{"seq":0}') as { seq: number };
    const isIt = !isDone && read.action === action && (of === undefined || read.subject === of);
    if (isIt) edit(read.detail);
    isDone ||= isIt;
    const body = isIt ? canonicalJson(read as unknown as JsonValue) : event.body;
    const follows = read.seq === before.seq + 1 && previous !== '' ? previous : event.previous;
    previous = chainLink(follows, body);
    return { previous: follows, body, hash: previous };
  });
  return { ...bundle, events };
}
