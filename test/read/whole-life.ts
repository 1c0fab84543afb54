import { join } from 'node:path';
import { applyEnvelope } from '../../activities/registry/apply.js';
import { advanceClock } from '../../platform/clock.js';
import { EXAMPLE, MODEL } from '../support/stack.js';
import { request } from '../support/staged.js';
import { first, members, type World } from '../support/world.js';
import { approve, approveAll, DAY, drive } from './life.js';

/** Refusals of one act by one person: twenty are kept in full, the rest are counted. */
const REFUSALS = 23;

/**
 * Everything that can happen to versions: 1.2.0 in production; 1.1.0 rejected by its checks; 1.4.0 rejected by a gate,
 * expired at its second attempt, and in the place of 1.2.0 after its third; refusals, repetitions and garbage besides.
 * Calls `look` at moments on the way.
 */
export async function liveWholly(world: World, look: () => Promise<void>): Promise<void> {
  const [mlops, admin] = [await first(world.db, 'mlops'), await first(world.db, 'admin')];
  for (const version of ['1.2.0', '1.1.0', '1.4.0', '1.2.0']) await world.register(version, mlops);

  const good = await request(world, '1.2.0');
  await look();
  await drive(world, good);
  await look();
  await approveAll(world, good);
  await advanceClock(world.db.ownerUrl, 7 * DAY);
  await drive(world, good);
  await drive(world, await request(world, '1.1.0'));

  const rejected = await request(world, '1.4.0');
  await drive(world, rejected);
  await approve(world, rejected, 'devops');
  const sara = await first(world.db, 'security');
  await world.activities.decide({
    promotionId: rejected,
    envelope: await world.signDecision(rejected, sara, 'security', 'reject'),
  });

  const expired = await request(world, '1.4.0', 'rejected');
  await drive(world, expired);
  await advanceClock(world.db.ownerUrl, 15 * DAY);
  await drive(world, expired);

  await look();
  const better = await request(world, '1.4.0', 'expired');
  await drive(world, better);
  const olga = await approve(world, better, 'devops');
  await world.activities.decide({
    promotionId: better,
    envelope: await world.signDecision(better, olga, 'devops', 'retract'),
  });
  await approveAll(world, better);
  await advanceClock(world.db.ownerUrl, 7 * DAY);
  const asked = { model: MODEL, version: '1.4.0', promotion: better, from_stage: 'staging', to_stage: 'production' };
  await world.act('promote', mlops, asked);
  await look();
  await drive(world, better);

  for (let i = 0; i < REFUSALS; i += 1) await world.act('policy', mlops, { model: MODEL, file: '0'.repeat(64) });
  const [one = '', other = ''] = await members(world.db, 'business');
  const [header, payload] = (await world.sign('policy', one, { model: MODEL, file: '0'.repeat(64) })).split('.');
  const signature = (await world.sign('policy', other, { model: MODEL, file: '0'.repeat(64) })).split('.')[2];
  await applyEnvelope(world.deps, [header, payload, signature].join('.'));
  await applyEnvelope(world.deps, 'no envelope at all');
  const { digest } = await world.deps.store.put(join(EXAMPLE, 'policy-relaxed.yaml'));
  await world.act('policy', admin, { model: MODEL, file: digest });
}
