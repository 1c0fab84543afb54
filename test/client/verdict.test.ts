import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { onRecord } from '../../client/verdict.js';
import { first, makeWorld, type World } from '../support/world.js';

let world: World;
beforeAll(async () => {
  world = await makeWorld();
});
afterAll(() => world.close());

describe('done is what the record says is done', () => {
  it("answers the record's own answer to an act", async () => {
    const answer = await world.register('1.2.0', await first(world.db, 'mlops'));
    expect(await onRecord(world.db.reader, answer.hash)).toEqual(answer);
  });

  it('believes no run about an act that is not on the record', async () => {
    await expect(onRecord(world.db.reader, 'f'.repeat(64))).rejects.toMatchObject({
      refusal: { kind: 'away', what: 'the run answered, but the record knows nothing of this act' },
    });
  });
});
