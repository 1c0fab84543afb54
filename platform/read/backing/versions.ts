import type { Db } from '../../pool.js';
import type { Backing } from './backing.js';
import type { Policies } from './policies.js';
import { scan } from './scan.js';
import { isTimeOf } from './times.js';
import type { Told, ToldVersion } from './told.js';

interface Row {
  readonly name: string;
  readonly status: string;
  readonly artifact_digest: string;
  readonly feature_hash: string;
  readonly registered_by: string;
  readonly envelope: string;
  readonly on_time: boolean | null;
  readonly staged_at: string | null;
  readonly promoted_at: string | null;
  readonly deprecated_at: string | null;
  readonly retention_until: string | null;
}

const VERSIONS = `
  SELECT m.name || '/' || v.version AS name, v.status, v.artifact_digest, v.feature_hash, v.registered_by, v.envelope,
         v.registered_at = e.received_at AS on_time, v.staged_at, v.promoted_at, v.deprecated_at, v.retention_until
    FROM model_version_detail v JOIN model_registry m ON m.id = v.model_id LEFT JOIN envelope e ON e.hash = v.envelope ORDER BY 1`;

/** Compares every version's columns with what the events add up to. */
export function versionsBacking(db: Db, told: Told, policies: Policies): Backing {
  return {
    take: () => Promise.resolve([]),
    async finish() {
      const unseen = new Set(told.versions.keys());
      const faults: string[] = [];
      for await (const rows of scan<Row>(db, VERSIONS)) {
        for (const row of rows) {
          unseen.delete(row.name);
          const fault = faultOf(row, told.versions.get(row.name), policies);
          if (fault !== undefined) faults.push(`version ${row.name} ${fault}`);
        }
      }
      return [...faults, ...[...unseen].map((name) => `version ${name} is on the trail and not on the record`)];
    },
  };
}

function faultOf(row: Row, is: ToldVersion | undefined, policies: Policies): string | undefined {
  if (!is?.registered) return `is ${row.status}, the trail does not know it`;
  if (is.stage !== row.status) return `is ${row.status}, the trail has it as ${is.stage}`;
  if (is.artifactDigest !== row.artifact_digest || is.featureHash !== row.feature_hash)
    return 'has other content than the trail says was registered';
  if (is.registeredBy !== row.registered_by || is.envelope !== row.envelope || row.on_time !== true)
    return `was not registered as event ${is.registered.seq} says`;
  for (const [column, event] of [
    ['staged_at', is.staged],
    ['promoted_at', is.promoted],
    ['deprecated_at', is.archived],
  ] as const) {
    if (isTimeOf(row[column], event)) continue;
    return `has ${column} ${row[column]}, which is not ${event ? `what event ${event.seq} says` : 'on any event'}`;
  }
  return retentionFault(row, is, policies);
}

function retentionFault(row: Row, { archived, archivedUnder }: ToldVersion, policies: Policies): string | undefined {
  const years = policies.factsOf(archivedUnder)?.retentionYears;
  // A policy that is not what the trail says was named before.
  if (archived && years === undefined) return undefined;
  const until = row.deprecated_at === null ? null : yearsAfter(row.deprecated_at, years ?? 0);
  if (row.retention_until === until) return undefined;
  return `has retention_until ${row.retention_until}, by event ${archived?.seq ?? 'none'} and its policy it is ${until}`;
}

/** As PostgreSQL counts calendar years: from 29 February to the 28th where there is none. */
export function yearsAfter(from: string, years: number): string {
  const until = new Date(from);
  until.setUTCFullYear(until.getUTCFullYear() + years);
  if (until.getUTCDate() !== new Date(from).getUTCDate()) until.setUTCDate(0);
  return until.toISOString();
}
