import { MockActivityEnvironment } from '@temporalio/testing';
import type { Activities } from '../../activities/index.js';
import type { Standing } from '../../activities/registry/standing.js';
import { MODEL } from './stack.js';
import { first, type World } from './world.js';

/** Does what a run does until the record makes it wait or ends it. */
export async function drive({ activities }: World, promotionId: string): Promise<Standing> {
  for (;;) {
    const now = await activities.standing({ promotionId });
    if (now.kind === 'check' || now.kind === 'recheck') await inActivity(activities.runChecks, { promotionId });
    else if (now.kind === 'change') await activities.changeProduction({ promotionId });
    else if (now.kind === 'follow-up')
      for (const step of now.steps) await activities.followUp({ changeKey: `promotion/${promotionId}`, step });
    else if (now.kind === 'wait' && now.probe && now.progress.waitingFor.some((each) => each.includes('nobody has looked yet')))
      await lookedAt(activities, promotionId);
    else return now;
  }
}

/** Has staging looked at once, as its run does all the time. */
export async function lookedAt(activities: Activities, promotionId: string): Promise<void> {
  await inActivity(activities.pollHealth, { promotionId }).catch((error: unknown) => {
    if ((error as { type?: string }).type !== 'NextLook') throw error;
  });
}

/** Calls an activity with the context it has in a worker. */
export function inActivity<I, O>(activity: (input: I) => Promise<O>, input: I): Promise<O> {
  return new MockActivityEnvironment().run(activity, input);
}

/** Asks for a promotion of a registered version, and answers its id. */
export async function request(world: World, version: string, from = 'registered'): Promise<string> {
  const fields = { model: MODEL, version, from_stage: from, to_stage: 'staging' };
  const answer = await world.act('request', await first(world.db, 'mlops'), fields);
  if (!answer.accepted) throw new Error(JSON.stringify(answer.refusal));
  return String(answer.result['promotionId']);
}

/** Registers a version and brings it into staging. */
export async function staged(world: World, version: string): Promise<string> {
  await world.register(version, await first(world.db, 'mlops'));
  const id = await request(world, version);
  await drive(world, id);
  return id;
}
