import type { Db } from '../../pool.js';
import type { Backing } from './backing.js';

/** Compares what people vouched for with the trail itself: an event that was signed for has its hash for ever. */
export function checkpointsBacking(db: Db): Backing {
  return {
    async take(events) {
      const made = events.filter(({ action }) => action === 'audit.checkpointed');
      if (made.length === 0) return [];
      const { rows } = await db.query<{ seq: number; hash: string }>(
        `SELECT seq, encode(hash, 'hex') AS hash FROM audit_event WHERE seq = ANY ($1::bigint[])`,
        [made.map(({ detail }) => Number(detail['seq'])).filter(Number.isSafeInteger)],
      );
      const hashes = new Map(rows.map(({ seq, hash }) => [seq, hash]));
      return made.flatMap(({ seq, actor, detail }) => {
        const of = Number(detail['seq']);
        if (of < seq && detail['events'] === of && detail['head'] === hashes.get(of)) return [];
        return [`event ${seq}: the trail up to event ${of} is not the one that ${actor} signed for`];
      });
    },
    finish: () => Promise.resolve([]),
  };
}
