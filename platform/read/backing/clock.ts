import type { Db } from '../../pool.js';
import type { Backing } from './backing.js';
import type { Jumps } from './times.js';

/** The installation's clock, which only `clock.advanced` moves. */
export function clockBacking(db: Db, jumps: Jumps): Backing {
  let installation: string | undefined;
  const start = async (): Promise<string> => {
    const { rows } = await db.query<{ id: string }>('SELECT id FROM installation');
    return rows[0]?.id ?? '';
  };
  return {
    async take(events) {
      const moved = events.filter(({ action }) => action === 'clock.advanced');
      if (moved.length === 0) return [];
      for (const event of moved) jumps.take(event);
      installation ??= await start();
      return moved
        .filter(({ subject }) => subject !== `installation/${installation}`)
        .map(({ seq, subject }) => `event ${seq} moves the clock of ${subject}, which this is not`);
    },
    async finish() {
      const { rows } = await db.query<{ offset_ms: number }>(
        'SELECT (extract(epoch FROM clock_offset) * 1000)::bigint AS offset_ms FROM installation',
      );
      const is = rows[0]?.offset_ms ?? 0;
      return is === jumps.offsetMs() ? [] : [`the clock is ${is} ms ahead, the trail has it as ${jumps.offsetMs()} ms`];
    },
  };
}
