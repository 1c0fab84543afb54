import type pg from 'pg';
import type { Places } from '../../platform/message/links.js';
import type { Store } from '../../platform/store.js';
import type {
  Channel,
  Dashboards,
  DataProfiler,
  IdentityProvider,
  Log,
  MetricsSources,
  ModelRunner,
  Runs,
  ServingTarget,
} from '../ports.js';

/** What the activities stand on; made once by the worker. */
export interface Deps {
  readonly pool: pg.Pool;
  /** Connections that only the watch has; the others where it has none of its own. */
  readonly watchPool?: pg.Pool;
  readonly store: Store;
  readonly models: ModelRunner;
  readonly data: DataProfiler;
  readonly serving: ServingTarget;
  readonly sources: MetricsSources;
  readonly channels: readonly Channel[];
  readonly dashboards: readonly Dashboards[];
  /** Where the links in messages lead. */
  readonly places: Places;
  readonly runs: Runs;
  /** None where nobody signs by a login. */
  readonly identityProvider?: IdentityProvider;
  readonly log: Log;
}
