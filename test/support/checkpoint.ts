import { checkpointFile, marksDigest, openCheckpoint, readMarks, type OpenedCheckpoint } from '../../platform/checkpoint.js';
import { allPeople } from '../../platform/people.js';
import type { ActPayload } from '../../domain/acts.js';
import type { ActAnswer } from '../../workflows/messages.js';
import type { World } from './world.js';

/** What somebody who vouches for the trail as it is now signs over. */
export async function statedNow({ db }: World): Promise<{ seq: number; events: number; head: string; marks: string }> {
  const { rows } = await db.reader.query<{ seq: number; head: string }>(
    `SELECT seq, encode(hash, 'hex') AS head FROM audit_head`,
  );
  const { seq = 0, head = '' } = rows[0] ?? {};
  return { seq, events: seq, head, marks: marksDigest(await readMarks(db.reader, seq)) };
}

/** Makes a checkpoint of the trail as it is now, with fields changed for the test, and answers what became of it. */
export async function checkpoint(world: World, email: string, change: ActPayload = {}): Promise<ActAnswer> {
  return world.act('checkpoint', email, { ...(await statedNow(world)), ...change });
}

/** Makes a checkpoint and answers the text of the file that is kept. */
export async function keptText(world: World, email: string): Promise<string> {
  const { seq } = await statedNow(world);
  const { hash, refusal } = await checkpoint(world, email);
  if (refusal) throw new Error(JSON.stringify(refusal));
  const { rows } = await world.db.reader.query<{ jws: string }>('SELECT jws FROM envelope WHERE hash = $1', [hash]);
  const signer = (await allPeople(world.db.reader)).find((person) => person.email === email);
  const marks = await readMarks(world.db.reader, seq);
  return JSON.stringify(checkpointFile({ envelope: rows[0]?.jws ?? '', key: signer?.publicKey ?? {}, marks }));
}

/** A kept checkpoint as `audit verify` has it. */
export async function opened(text: string): Promise<OpenedCheckpoint> {
  const kept = await openCheckpoint(text);
  if ('refusal' in kept) throw new Error(JSON.stringify(kept.refusal));
  return kept;
}
