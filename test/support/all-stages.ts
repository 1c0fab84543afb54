import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { GATES, type Gate } from '../../domain/policy.js';
import { advanceClock } from '../../platform/clock.js';
import { registerLike } from './copies.js';
import { GATE_PEOPLE, PEOPLE } from './promotion.js';
import { drive, request } from './staged.js';
import { EXAMPLE, MODEL } from './stack.js';
import { AT, type World } from './world.js';

const WEEK = 7 * 24 * 60 * 60_000;

/** Where a version can be, and which one is there; a quarantined one is an archived one that was rolled back from. */
export const VERSION_IN = {
  registered: '2.0.0',
  validating: '2.1.0',
  staging: '1.5.0',
  production: '1.4.0',
  archived: '1.3.0',
  quarantined: '1.2.0',
  rejected: '1.1.0',
  withdrawn: '2.2.0',
  expired: '2.3.0',
} as const;
export type Place = keyof typeof VERSION_IN;

/** The stage of the version at a place. */
export const stageAt = (place: Place) => (place === 'quarantined' ? 'archived' : place);

/** The one gate at which the version in staging is approved. */
export const APPROVED: Gate = 'devops';

/** Brings one version into every stage there is, and a newer policy onto the record than any of them has pinned. */
export async function fillStages(world: World): Promise<void> {
  const at = VERSION_IN;
  const likes: Readonly<Record<string, string>> = {
    [at.registered]: '1.2.0',
    [at.validating]: '1.2.0',
    [at.withdrawn]: '1.4.0',
    [at.expired]: '1.4.0',
  };
  for (const version of Object.values(VERSION_IN)) await registerLike(world, likes[version] ?? version, version, PEOPLE.mlops);
  const staged = async (version: string): Promise<string> => {
    const id = await request(world, version);
    await drive(world, id);
    return id;
  };
  // While none is in production all of these pass; then each one that goes there is better than the one before.
  const [archived, quarantined, production, expired] = [
    await staged(at.archived),
    await staged(at.quarantined),
    await staged(at.production),
    await staged(at.expired),
  ];
  const withdrawn = await staged(at.withdrawn);
  const reason = 'another one is trained already';
  await done(world.act('withdraw', `marco.mlops${AT}`, { model: MODEL, version: at.withdrawn, promotion: withdrawn, reason }));
  await approve(world, archived);
  await approve(world, quarantined);
  await advanceClock(world.db.ownerUrl, WEEK);
  await drive(world, archived);
  await drive(world, quarantined);
  const back = { model: MODEL, from_version: at.quarantined, to_version: at.archived, reason: 'it misses too many patients' };
  await done(world.act('rollback', PEOPLE.devops, back));
  await approve(world, production);
  await drive(world, production);
  await staged(at.rejected);
  await advanceClock(world.db.ownerUrl, WEEK);
  await drive(world, expired);
  await approve(world, await staged(at.staging), [APPROVED]);
  await request(world, at.validating);
  await newerPolicy(world);
}

async function approve(world: World, promotionId: string, gates: readonly Gate[] = GATES): Promise<void> {
  for (const [gate, person] of GATE_PEOPLE.filter(([each]) => gates.includes(each))) {
    const envelope = await world.signDecision(promotionId, person, gate);
    await done(world.activities.decide({ promotionId, envelope }).then(({ answer }) => answer));
  }
}

async function newerPolicy(world: World): Promise<void> {
  const file = readFileSync(join(EXAMPLE, 'policy.yaml'), 'utf8');
  const { digest } = await world.deps.store.putBytes(`${file}\nchecks: { retries: 2 }\n`);
  await done(world.act('policy', `alice.admin${AT}`, { file: digest, model: MODEL }));
}

async function done(answering: ReturnType<World['act']>): Promise<void> {
  const { refusal } = await answering;
  if (refusal) throw new Error(JSON.stringify(refusal));
}
