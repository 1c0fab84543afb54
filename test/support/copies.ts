import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { storePackage } from '../../platform/package.js';
import { EXAMPLE, MODEL } from './stack.js';
import type { World } from './world.js';

/** Registers an example's package under another version, for lives longer than the five examples. */
export async function registerLike(world: World, like: string, version: string, email: string): Promise<void> {
  const dir = mkdtempSync(join(tmpdir(), 'gatehouse-copy-'));
  try {
    cpSync(join(EXAMPLE, 'packages', like), dir, { recursive: true });
    const file = join(dir, 'model.yaml');
    writeFileSync(file, readFileSync(file, 'utf8').replace(`version: ${like}\n`, `version: ${version}\n`));
    const stored = await storePackage(world.deps.store, dir);
    if (!stored.ok) throw new Error(JSON.stringify(stored.problems));
    const answer = await world.act('register', email, { model: MODEL, version, artifact_digest: stored.artifactDigest });
    if (!answer.accepted) throw new Error(JSON.stringify(answer.refusal));
  } finally {
    rmSync(dir, { recursive: true, force: true });
  }
}
