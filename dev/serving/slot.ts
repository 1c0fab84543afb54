import type { FeatureEdges } from './edges.js';
import type { LoadedVersion } from './load.js';

/** A loaded version, and how the values of its features are counted. */
export type ServedVersion = LoadedVersion & { readonly edges: FeatureEdges };

/** What one model serves in one stage, and why it serves nothing newer. */
export interface Slot {
  /** The last version that was verified; it serves on whatever becomes of the next. */
  serving(): ServedVersion | undefined;
  /** Why what is wanted is not served; undefined when it is. */
  problem(): string | undefined;
  /** Makes sure that what is wanted is served, or tried again in time; a version of null serves nothing. */
  want(wanted: Wanted): void;
  /** Resolves when nothing is being loaded. */
  settled(): Promise<void>;
}

/** The version to serve, and what it has to change with for being tried again at once. */
export interface Wanted {
  readonly version: string | null;
  readonly because: string;
}

/** How a slot comes by versions, and the time by which it tries again. */
export interface SlotTools {
  readonly load: (version: string) => Promise<ServedVersion>;
  readonly now: () => number;
  readonly onChange: (change: { readonly serving?: ServedVersion; readonly problem?: string }) => void;
}

const FIRST_PAUSE_MS = 1_000;
const LONGEST_PAUSE_MS = 60_000;

/** An empty slot. */
export function makeSlot({ load, now, onChange }: SlotTools): Slot {
  let serving: ServedVersion | undefined;
  let problem: string | undefined;
  let tried = '';
  let again = Number.POSITIVE_INFINITY;
  let pauseMs = FIRST_PAUSE_MS;
  let loading: Promise<void> | undefined;

  const attempt = async (version: string): Promise<void> => {
    try {
      const loaded = await load(version);
      if (loaded.version !== version) throw new Error(`${version} was asked for, ${loaded.version} answered`);
      serving = loaded;
      problem = undefined;
      again = Number.POSITIVE_INFINITY;
      onChange({ serving });
    } catch (error) {
      const why = (error as Error).message;
      if (why !== problem) onChange({ problem: why });
      problem = why;
      again = now() + pauseMs;
      pauseMs = Math.min(pauseMs * 2, LONGEST_PAUSE_MS);
    }
  };
  return {
    serving: () => serving,
    problem: () => problem,
    settled: async () => await loading,
    want({ version, because }) {
      if (loading) return;
      const key = `${version} ${because}`;
      const isNew = key !== tried;
      if (!isNew && now() < again) return;
      if (isNew) pauseMs = FIRST_PAUSE_MS;
      tried = key;
      if (version === null) {
        serving = problem = undefined;
        again = Number.POSITIVE_INFINITY;
        return;
      }
      loading = attempt(version).finally(() => (loading = undefined));
    },
  };
}
