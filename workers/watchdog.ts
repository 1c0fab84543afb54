import { setTimeout as pause } from 'node:timers/promises';
import type pg from 'pg';
import { loggable } from '../activities/failures.js';
import type { Log } from '../activities/ports.js';
import { writeIncidents } from '../activities/watch/incidents.js';
import { incidentChanges, type Standing } from '../domain/incidents.js';
import { formatDuration } from '../domain/quantity.js';
import { judgeSilence, lookForSilenceEvery } from '../domain/watch-silence.js';
import { inTransaction } from '../platform/pool.js';
import { incidentsOf, versionsInService, type InService } from '../platform/read/live.js';

/** What the watchdog stands on: the record, and a way to tell people. */
export interface WatchdogDeps {
  readonly pool: pg.Pool;
  /** Tells people of a notice that is on the record. */
  readonly deliver: (key: string) => Promise<void>;
  readonly log: Log;
  /** After how long a notice that still lacks a delivery is delivered again; where it is not said, others see to that. Milliseconds. */
  readonly againMs?: number;
}

/**
 * Looks, until `stop` is called, whether every version in production is watched, and raises an alert where one is not, whatever has
 * stopped its watch (promises R31). It is no workflow and no activity, and needs no Temporal: it can be a process of its own.
 */
export function startWatchdog(deps: WatchdogDeps): { stop(): Promise<void> } {
  const stopping = new AbortController();
  const { signal } = stopping;
  const loop = (async () => {
    while (!signal.aborted) {
      const every = await lookOnce(deps).catch((error: unknown) => {
        deps.log('warn', 'the watches could not be looked at', { ...loggable(error) });
        return [];
      });
      await pause(lookForSilenceEvery(every), undefined, { signal }).catch(() => undefined);
    }
  })();
  return {
    async stop() {
      stopping.abort();
      await loop;
    },
  };
}

/** One look; answers the intervals of all versions in production. */
export async function lookOnce(deps: WatchdogDeps): Promise<number[]> {
  const versions = await versionsInService(deps.pool);
  for (const key of await overdue(deps)) tell(deps, key);
  const open = await openWatchIncidents(deps.pool);
  for (const watched of versions) {
    const is = silenceOf(watched);
    if (is === 'silent' ? open.has(watched.changeKey) : is === 'open' || !open.has(watched.changeKey)) continue;
    for (const key of await raise(deps, watched.changeKey, watched.model)) tell(deps, key);
  }
  return versions.map(({ policy }) => policy.watch.every);
}

/** Nobody waits for a channel: the next version may be silent as well. */
function tell({ deliver, log }: WatchdogDeps, key: string): void {
  void deliver(key).catch((error: unknown) => log('warn', 'a notice could not be sent out', { key, ...loggable(error) }));
}

/**
 * The notices of watches that are silent now, where they lack a delivery for too long, whoever has written them. Of those that go on
 * somebody else lives to tell: two who send the same notice would send it twice.
 */
async function overdue({ pool, againMs }: WatchdogDeps): Promise<string[]> {
  if (againMs === undefined) return [];
  const { rows } = await pool.query<{ key: string }>(
    `SELECT n.key FROM notice n
      WHERE n.kind = 'incident' AND n.subject IN (SELECT id FROM incident WHERE condition = 'watch' GROUP BY id HAVING bool_and(change <> 'closed'))
        AND n.at < gatehouse_now() - make_interval(secs => $1::float8 / 1000)
        AND (SELECT count(*) FROM notice_delivery d WHERE d.notice_key = n.key) < 1 + coalesce(cardinality(n.channels), 0)`,
    [againMs],
  );
  return rows.map(({ key }) => key);
}

function silenceOf({ silentMs, lastSeverity, policy }: InService): ReturnType<typeof judgeSilence> {
  return judgeSilence({ silentMs, wasSeen: lastSeverity !== null, everyMs: policy.watch.every });
}

/** Opens or closes the incident of one watch, as the record has it under the model's lock. */
async function raise({ pool, log }: WatchdogDeps, changeKey: string, model: string): Promise<readonly string[]> {
  return await inTransaction(pool, async (tx) => {
    await tx.query('SELECT lock_model($1)', [model]);
    const [watched] = await versionsInService(tx, { changeKey });
    if (!watched) return [];
    const is = silenceOf(watched);
    if (is === 'open') return [];
    const { silentMs, policy, version } = watched;
    const silent = `nothing was seen of it for ${formatDuration(silentMs)}, where every ${formatDuration(policy.watch.every)} is due`;
    const standing: Standing = {
      condition: 'watch',
      severity: is === 'silent' ? 'critical' : 'none',
      known: true,
      what: is === 'silent' ? silent : 'it is watched again',
    };
    const changes = incidentChanges(await incidentsOf(tx, changeKey), [standing], new Set(['watch']));
    if (changes.length > 0) log(is === 'silent' ? 'error' : 'info', standing.what, { model, version });
    return await writeIncidents(tx, watched, changes);
  });
}

/** The changes whose version has an open incident about its watch. */
async function openWatchIncidents(pool: pg.Pool): Promise<Set<string>> {
  const { rows } = await pool.query<{ key: string }>(
    `SELECT change_key AS key FROM incident WHERE condition = 'watch' GROUP BY change_key, id HAVING bool_and(change <> 'closed')`,
  );
  return new Set(rows.map(({ key }) => key));
}
