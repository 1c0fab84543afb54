import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { sha256 } from '../../platform/digest.js';
import { storePackage } from '../../platform/package.js';
import { EXAMPLE, MODEL } from './stack.js';
import type { World } from './world.js';

/** Registers an example's package under another version, for lives longer than the five examples. */
export async function registerLike(
  world: World,
  like: string,
  version: string,
  email: string,
  change: (modelFile: string) => string = (modelFile) => modelFile,
): Promise<void> {
  const dir = mkdtempSync(join(tmpdir(), 'gatehouse-copy-'));
  try {
    cpSync(join(EXAMPLE, 'packages', like), dir, { recursive: true });
    // Documentation names the version it is of.
    const [before, after] = rewrite(join(dir, 'MODEL_CARD.md'), (text) => text.replaceAll(like, version));
    rewrite(join(dir, 'model.yaml'), (text) =>
      change(text.replace(`version: ${like}\n`, `version: ${version}\n`).replace(sha256(before), sha256(after))),
    );
    const stored = await storePackage(world.deps.store, dir);
    if (!stored.ok) throw new Error(JSON.stringify(stored.problems));
    const answer = await world.act('register', email, { model: MODEL, version, artifact_digest: stored.artifactDigest });
    if (!answer.accepted) throw new Error(JSON.stringify(answer.refusal));
  } finally {
    rmSync(dir, { recursive: true, force: true });
  }
}

function rewrite(file: string, change: (text: string) => string): readonly [before: string, after: string] {
  const before = readFileSync(file, 'utf8');
  const after = change(before);
  writeFileSync(file, after);
  return [before, after];
}
