import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileText } from '../../client/audit/out.js';
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
