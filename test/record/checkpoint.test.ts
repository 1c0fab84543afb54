import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { applyEnvelope } from '../../activities/registry/apply.js';
import type { ActPayload } from '../../domain/acts.js';
import { refusalLine } from '../../domain/refusal.js';
import { allPeople } from '../../platform/people.js';
import { verifyTrail } from '../../platform/read/audit-verify.js';
import { checkpoint, keptText, opened, statedNow } from '../support/checkpoint.js';
import { AT, makeWorld, type World } from '../support/world.js';

const ALICE = `alice.admin${AT}`;

let world: World;
beforeAll(async () => {
  world = await makeWorld();
});
afterAll(() => world.close());

describe('a checkpoint is a signed act', () => {
  it('that is on the trail with what it says of the trail, and is verified with it', async () => {
    const stated = await statedNow(world);
    const answer = await checkpoint(world, ALICE);
    expect(answer).toMatchObject({ accepted: true, result: { ...stated } });
    const { rows } = await world.db.reader.query<{ body: string; actor: string }>(
      'SELECT body, actor FROM audit_event WHERE seq = $1',
      [stated.seq + 1],
    );
    expect(rows[0]?.actor).toBe(ALICE);
    expect(JSON.parse(rows[0]?.body ?? '')).toMatchObject({
      action: 'audit.checkpointed',
      subject: 'audit-trail',
      detail: { ...stated, envelope: answer.hash },
    });
    expect(await verifyTrail(world.db.reader)).toMatchObject({ ok: true, unbacked: [] });
  });

  it('that is true of an event before the last one as well: others go on while somebody signs', async () => {
    const stated = await statedNow(world);
    await checkpoint(world, ALICE);
    expect(await checkpoint(world, ALICE, stated)).toMatchObject({ accepted: true });
  });

  it('that only admin and mlops have the right to', async () => {
    for (const { email, groups } of await allPeople(world.db.reader)) {
      const { accepted, refusal } = await checkpoint(world, email);
      const may = groups.includes('admin') || groups.includes('mlops');
      expect([email, accepted, refusal?.kind]).toEqual([email, may, may ? undefined : 'identity']);
    }
  });

  const forged: readonly [string, ActPayload | ((stated: { seq: number }) => ActPayload), string, RegExp][] = [
    ['another head', { head: 'a'.repeat(64) }, 'rule', /another head; given: a{64}; allowed: \w{64}, of event \d+/],
    ['another number', ({ seq }) => ({ seq: seq - 1 }), 'rule', /another head/],
    ['an event to come', ({ seq }) => ({ seq: seq + 1 }), 'rule', /another seq; given: \d+; allowed: an event of the trail/],
    ['no event', { seq: 0 }, 'rule', /another seq; given: 0/],
    ['another count', ({ seq }) => ({ events: seq - 1 }), 'rule', /another events; given: \d+; allowed: \d+, of event/],
    ['other marks', { marks: 'a'.repeat(64) }, 'rule', /another marks/],
    ['another installation', { installation: 'elsewhere' }, 'identity', /installation; given: elsewhere/],
    ['another environment', { environment: 'production' }, 'identity', /environment; given: production/],
    ['another person', { person: `sara.security${AT}` }, 'identity', /person; given: sara/],
    ['a name of somebody else', { printed_name: 'Sara Security' }, 'identity', /printed_name; given: Sara/],
    ['a number that is text', { seq: '1' }, 'identity', /seq is not of its form/],
    ['a field more', { model: 'm' }, 'identity', /model does not belong in gatehouse-checkpoint\/v1/],
  ];
  it.each(forged)('that is refused over %s', async (_, change, kind, why) => {
    const before = await statedNow(world);
    const { accepted, refusal } = await checkpoint(world, ALICE, typeof change === 'function' ? change(before) : change);
    expect([accepted, refusal?.kind]).toEqual([false, kind]);
    expect(refusal && refusalLine(refusal)).toMatch(why);
  });

  it("that is refused with somebody else's signature, and answered the same again", async () => {
    const [mine, theirs] = await Promise.all(
      [ALICE, `maria.mlops${AT}`].map(async (email) => world.sign('checkpoint', email, await statedNow(world))),
    );
    const [header, payload] = (mine ?? '').split('.');
    const swapped = [header, payload, (theirs ?? '').split('.')[2]].join('.');
    expect(await applyEnvelope(world.deps, swapped)).toMatchObject({ accepted: false, refusal: { what: 'signature' } });
    const once = await applyEnvelope(world.deps, mine ?? '');
    expect(await applyEnvelope(world.deps, mine ?? '')).toEqual(once);
    expect(await verifyTrail(world.db.reader)).toMatchObject({ ok: true, unbacked: [] });
  });

  it('whose file is refused with a changed signature, key, mark or payload', async () => {
    const text = await keptText(world, ALICE);
    const { seq, head } = await opened(text);
    expect(await verifyTrail(world.db.reader, await opened(text))).toMatchObject({
      ok: true,
      checkpoint: { seq, head, by: ALICE, key: 'enrolled', recordedAs: seq + 1 },
    });
    // What `--json` printed is as good as the file itself.
    expect(await opened(JSON.stringify({ ok: true, checkpoint: JSON.parse(text) as unknown }))).toMatchObject({ seq, head });
    for (let at = 0; at < text.length; at += 7) {
      const other = text.slice(0, at) + (text[at] === 'A' ? 'B' : 'A') + text.slice(at + 1);
      await expect(opened(other), `character ${at}`).rejects.toThrow();
    }
  });
});
