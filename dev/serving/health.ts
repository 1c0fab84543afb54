import type { LogCounts } from './prediction-log.js';
import type { Traces } from './predict.js';
import type { Served } from './served.js';

/** What one model serves in one stage, and what is wrong with it. */
export interface ServedHealth {
  readonly model: string;
  readonly stage: 'staging' | 'production';
  readonly version: string | null;
  readonly artifactDigest: string | null;
  readonly features: number | null;
  /** Why nothing newer is served. */
  readonly problem: string | null;
  readonly heldBy: string | null;
}

/** What `GET /health` answers. */
export interface EndpointHealth {
  readonly ok: boolean;
  readonly models: readonly ServedHealth[];
  readonly faults: ReturnType<Traces['faults']['list']>;
  /** Predictions and labels on their way to the record's database. */
  readonly log: LogCounts;
}

/** How the endpoint does; it is well when everything that is pointed to is served and not held. */
export async function healthOf(served: Served, { faults, log }: Pick<Traces, 'faults' | 'log'>): Promise<EndpointHealth> {
  const models = await Promise.all(
    served.list().map(async ({ model, stage, slot }): Promise<ServedHealth> => {
      const serving = slot.serving();
      return {
        model,
        stage,
        version: serving?.version ?? null,
        artifactDigest: serving?.artifactDigest ?? null,
        features: serving?.features.length ?? null,
        problem: slot.problem() ?? null,
        heldBy: (await served.hold(model))?.by ?? null,
      };
    }),
  );
  const ok = models.every(({ problem, heldBy }) => problem === null && heldBy === null);
  return { ok, models, faults: faults.list(), log: log.counts() };
}
