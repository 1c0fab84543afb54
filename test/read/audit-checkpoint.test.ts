import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { chainLink } from '../../platform/audit.js';
import type { OpenedCheckpoint } from '../../platform/checkpoint.js';
import { signEnvelope } from '../../platform/envelope.js';
import { generateKey } from '../../platform/keys.js';
import { verifyTrail } from '../../platform/read/audit-verify.js';
import { keptText, opened } from '../support/checkpoint.js';
import { seeded } from '../support/seeded.js';
import { MODEL } from '../support/stack.js';
import { AT, first, makeWorld, type World } from '../support/world.js';
import { intrude, rechain, type Intruder } from './intruder.js';
import { liveWholly } from './whole-life.js';

/** How many times a trail is changed at random; EDITS says how many instead. */
const EDITS = Number(process.env['EDITS'] ?? 400);
const ALICE = `alice.admin${AT}`;

let world: World;
let intruder: Intruder;
let text: string;
let kept: OpenedCheckpoint;
beforeAll(async () => {
  world = await makeWorld();
  await liveWholly(world, () => Promise.resolve());
  text = await keptText(world, ALICE);
  kept = await opened(text);
  await world.act('policy', await first(world.db, 'business'), { model: MODEL, file: '1'.repeat(64) });
  intruder = await intrude(world);
}, 240_000);
afterAll(async () => {
  await intruder?.client.end();
  await world?.close();
});

interface Row {
  readonly seq: number;
  readonly body: string;
  readonly hash: string;
}

async function trail(): Promise<Row[]> {
  const { rows } = await world.db.reader.query<Row>(
    `SELECT seq, body, encode(hash, 'hex') AS hash FROM audit_event ORDER BY seq`,
  );
  return rows;
}

/** The rows numbered and hashed anew from the first on, as somebody with all rights can. */
function rewritten(bodies: readonly string[]): Row[] {
  let hash = '0'.repeat(64);
  return bodies.map((old, i) => {
    const body = old.replace(/"seq":\d+,"subject"/, `"seq":${i + 1},"subject"`);
    hash = chainLink(hash, body);
    return { seq: i + 1, body, hash };
  });
}

async function write(rows: readonly Row[], head = rows.at(-1)): Promise<void> {
  const { client } = intruder;
  await client.query('DELETE FROM audit_event');
  await client.query(
    `INSERT INTO audit_event (seq, at, action, actor, subject, body, hash)
     SELECT s, (b::jsonb ->> 'at')::timestamptz, b::jsonb ->> 'action', b::jsonb ->> 'actor', b::jsonb ->> 'subject', b, decode(h, 'hex')
       FROM unnest($1::bigint[], $2::text[], $3::text[]) AS t (s, b, h)`,
    [rows.map(({ seq }) => seq), rows.map(({ body }) => body), rows.map(({ hash }) => hash)],
  );
  await client.query(`UPDATE audit_head SET seq = $1, hash = decode($2, 'hex')`, [head?.seq ?? 0, head?.hash ?? '0'.repeat(64)]);
}

type Edit = (rows: readonly Row[], at: number, random: () => number) => readonly Row[];

const bodiesOf = (rows: readonly Row[]): string[] => rows.map(({ body }) => body);
const otherwise = (body: string): string => body.replace(/"detail":\{/, '"detail":{"a":"otherwise",');
const swapped = <T>(list: readonly T[], one: number, other: number): T[] =>
  list.map((each, i) => (i === one ? list[other] : i === other ? list[one] : each) as T);

/** What somebody does to the trail at a place, plainly and with every hash computed again. */
const EDITS_OF: Readonly<Record<string, Edit>> = {
  edit: (rows, at) => rows.map((row, i) => (i === at ? { ...row, body: otherwise(row.body) } : row)),
  'edit and recompute': (rows, at) => rewritten(bodiesOf(rows).map((body, i) => (i === at ? otherwise(body) : body))),
  'edit and recompute that hash': (rows, at) => {
    const body = otherwise(rows[at]?.body ?? '');
    const hash = chainLink(rows[at - 1]?.hash ?? '0'.repeat(64), body);
    return rows.map((row, i) => (i === at ? { ...row, body, hash } : row));
  },
  delete: (rows, at) => rows.toSpliced(at, 1),
  'delete and recompute': (rows, at) => rewritten(bodiesOf(rows).toSpliced(at, 1)),
  'insert and recompute': (rows, at) => rewritten(bodiesOf(rows).toSpliced(at, 0, otherwise(rows[at]?.body ?? ''))),
  swap: (rows, at, random) => {
    const texts = swapped(rows, at, (at + 1 + Math.floor(random() * (rows.length - 1))) % rows.length);
    return rows.map((row, i) => ({ ...row, body: texts[i]?.body ?? '', hash: texts[i]?.hash ?? '' }));
  },
  'swap and recompute': (rows, at, random) =>
    rewritten(swapped(bodiesOf(rows), at, (at + 1 + Math.floor(random() * (rows.length - 1))) % rows.length)),
  truncate: (rows, at) => rows.slice(0, at),
  'truncate and go on': (rows, at) => rewritten([...bodiesOf(rows).slice(0, at), otherwise(rows[at]?.body ?? '')]),
  'change a hash': (rows, at) => rows.map((row, i) => (i === at ? { ...row, hash: 'a'.repeat(64) } : row)),
};

/** The first number that is not the event it was, found by comparing with a copy. */
function firstWrong(before: readonly Row[], after: readonly Row[]): number {
  const now = new Map(after.map((row) => [row.seq, row]));
  return before.find(({ seq, body, hash }) => now.get(seq)?.body !== body || now.get(seq)?.hash !== hash)?.seq ?? 0;
}

describe('audit verify with a checkpoint that was kept elsewhere', () => {
  it('holds when there are more events since, and says whose it is', async () => {
    const { ok, events, checkpoint } = await verifyTrail(world.db.reader, kept);
    expect([ok, events, checkpoint]).toEqual([
      true,
      kept.seq + 2,
      {
        seq: kept.seq,
        head: kept.head,
        by: ALICE,
        issued: kept.signed.payload['issued'],
        kid: kept.signed.kid,
        key: 'enrolled',
        recordedAs: kept.seq + 1,
      },
    ]);
  });

  it(`finds ${EDITS} random edits, deletions, insertions, swaps and truncations, and names the first wrong number of each`, async () => {
    const random = seeded(20261128);
    const before = await trail();
    const kinds = Object.keys(EDITS_OF);
    for (let i = 0; i < EDITS; i += 1) {
      const kind = kinds[i % kinds.length] ?? '';
      const at = Math.floor(random() * kept.seq);
      const after = EDITS_OF[kind]?.(before, at, random) ?? [];
      await write(after);
      const report = await verifyTrail(world.db.reader, kept);
      expect([kind, at, report.ok, report.firstBroken]).toEqual([kind, at, false, firstWrong(before, after)]);
    }
    await write(before);
    expect(await verifyTrail(world.db.reader, kept)).toMatchObject({ ok: true });
  });

  it('finds what was cut off or written anew right behind it, together with the checkpoint itself', async () => {
    const before = await trail();
    await write(before.slice(0, kept.seq));
    expect(await verifyTrail(world.db.reader, kept)).toMatchObject({
      ok: false,
      firstBroken: kept.seq + 1,
      why: expect.stringContaining('the checkpoint was recorded after it') as string,
    });
    await write(rewritten([...bodiesOf(before).slice(0, kept.seq), ...bodiesOf(before).slice(kept.seq + 1)]));
    const { firstBroken, unbacked } = await verifyTrail(world.db.reader, kept);
    expect(firstBroken).toBeNull();
    expect(unbacked[0]).toMatch(/the checkpoint of event \d+ is on no event after it/);
    await write(before);
  });

  it('without the file, a trail that was written anew under a checkpoint on it still contradicts what was signed', async () => {
    const report = await intruder.after(
      `UPDATE audit_event SET body = replace(body, 'gatehouse up', 'gatehouse-up') WHERE seq = 3`,
      `UPDATE person SET enrolled_by = 'gatehouse-up' WHERE email = (SELECT replace(subject, 'person/', '') FROM audit_event WHERE seq = 3)`,
      rechain(2),
    );
    expect(report.firstBroken).toBeNull();
    expect(report.unbacked.join()).toMatch(/event \d+: the trail up to event \d+ is not the one that alice\S+ signed for/);
  });

  it('says plainly when the record has another key of the signer, beside where the trail was changed', async () => {
    const eve = await generateKey();
    const seq = await intruder.seqOf('person.enrolled', `person/${ALICE}`);
    const { x } = kept.key;
    await intruder.client.query(
      `UPDATE audit_event SET body = replace(replace(body, '${x}', '${eve.publicJwk.x}'), '${kept.signed.kid}', '${eve.kid}') WHERE seq = ${seq}`,
    );
    await write(rewritten(bodiesOf(await trail())));
    const report = await verifyTrail(world.db.reader, kept);
    expect(report).toMatchObject({ ok: false, firstBroken: seq, checkpoint: { key: 'another' } });
    await intruder.after('SELECT 1');
  });

  it("does not take somebody else's signature over the true head for a checkpoint of this trail", async () => {
    const eve = await generateKey();
    const envelope = await signEnvelope(kept.signed.payload, eve);
    const made = await opened(JSON.stringify({ ...(JSON.parse(text) as object), envelope, key: eve.publicJwk }));
    const { ok, firstBroken, unbacked, checkpoint } = await verifyTrail(world.db.reader, made);
    expect([ok, firstBroken, checkpoint?.key, checkpoint?.recordedAs]).toEqual([false, null, 'another', null]);
    expect(unbacked[0]).toBe(`the checkpoint is signed with key ${eve.kid}; the trail has another key of ${ALICE}`);
  });
});
