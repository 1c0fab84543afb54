import { cpSync } from 'node:fs';
import { join } from 'node:path';
import type { ServingBundle } from '../../domain/serving-bundle.js';
import { advanceClock } from '../../platform/clock.js';
import { readServingBundle } from '../../platform/read/serving-bundle.js';
import { GATE_PEOPLE } from './promotion.js';
import { drive, staged } from './staged.js';
import { EXAMPLE, MODEL } from './stack.js';
import type { World } from './world.js';

/** Brings a version into production, with the approvals of four people; answers its promotion. */
export async function promoted(world: World, version: string): Promise<string> {
  const id = await staged(world, version);
  await approved(world, id);
  await advanceClock(world.db.ownerUrl, 7 * 24 * 60 * 60_000);
  await drive(world, id);
  return id;
}

/** Four different people approve the four gates. */
export async function approved(world: World, promotionId: string): Promise<void> {
  for (const [gate, person] of GATE_PEOPLE)
    await world.activities.decide({ promotionId, envelope: await world.signDecision(promotionId, person, gate) });
}

/** What the record has to prove that a version may be loaded. */
export async function bundleOf(world: World, version: string): Promise<ServingBundle> {
  const read = await readServingBundle(world.db.reader, world.deps.store, { model: MODEL, version });
  if (!read) throw new Error(`${version} is in no stage to be served from`);
  return read.bundle;
}

/** A copy of a version's package, as a serving system has it. */
export function packageCopy(dir: string, version: string): string {
  const copy = join(dir, version);
  cpSync(join(EXAMPLE, 'packages', version), copy, { recursive: true });
  return copy;
}
