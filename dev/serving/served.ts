import { readFile } from 'node:fs/promises';
import { heldBy, readTrustFile, type Hold } from '../../client/verify.js';
import { readConnection, type Connection, type DataDirPaths } from '../../platform/connection-file.js';
import { sha256 } from '../../platform/digest.js';
import { openPool, type Db } from '../../platform/pool.js';
import { trainingEdges } from './edges.js';
import { loadVerified } from './load.js';
import { readPointers } from './pointers.js';
import { resolveBundle } from './resolve.js';
import { makeSlot, type ServedVersion, type Slot } from './slot.js';
import { inStaging } from './staging.js';

type Stage = 'staging' | 'production';

/** What is served of each model, kept up with the serving pointers. */
export interface Served {
  /** The slot of a version in a stage; undefined where nothing is known to be there. Staging is looked up once it is asked for. */
  slot(model: string, stage: Stage, version?: string): Slot | undefined;
  list(): readonly { readonly model: string; readonly stage: Stage; readonly slot: Slot }[];
  /** The hold in force on a model; what cannot be known is one. */
  hold(model: string): Promise<Pick<Hold, 'by' | 'reason'> | undefined>;
  /** Looks at the pointers once. */
  look(): Promise<void>;
  /** Looks at the staging versions of the models that somebody asked for. */
  lookAtStaging(): Promise<void>;
  close(): Promise<void>;
}

/** What it is told of, and where it looks. */
export interface ServedOptions {
  readonly paths: Pick<DataDirPaths, 'root' | 'serving' | 'trust' | 'store'>;
  readonly now: () => number;
  readonly onChange: (change: {
    readonly model: string;
    readonly stage: Stage;
    readonly serving?: ServedVersion;
    readonly problem?: string;
  }) => void;
  /** The record as its readers see it; that of the same stack unless it is given. */
  readonly record?: Db;
  /** Answers the bundle of a version; the command line of the same stack unless it is given. */
  readonly resolve?: (asked: { model: string; stage: Stage; version: string }, signal: AbortSignal) => Promise<unknown>;
}

/** In which groups somebody must be who may load a version, the best first. */
const MAY_LOAD = { production: ['serving', 'mlops'], staging: ['mlops', 'ds-team'] } as const;

/** Serves nothing yet. */
export function makeServed({ paths, now, onChange, record, resolve = asPerson(paths) }: ServedOptions): Served {
  const closing = new AbortController();
  const production = new Map<string, Slot>();
  const staging = new Map<string, Map<string, Slot>>();
  let opened: (Db & { end(): Promise<void> }) | undefined;
  const read = (): Db | undefined => {
    const readUrl = record || opened ? undefined : readConnection(paths.root)?.readUrl;
    if (readUrl !== undefined) opened = openPool(readUrl, 'gatehouse serving', { max: 1 });
    return record ?? opened;
  };

  const newSlot = (model: string, stage: Stage): Slot =>
    makeSlot({
      now,
      onChange: (change) => onChange({ model, stage, ...change }),
      load: async (version) => {
        const bundle = await resolve({ model, stage, version }, closing.signal);
        const loaded = await loadVerified({ bundle, model, stage, trustFile: paths.trust, store: paths.store });
        const db = read();
        // What is verified is served without them as well.
        const edges = db ? await trainingEdges(db, loaded).catch(() => new Map<string, number[]>()) : new Map<string, number[]>();
        return { ...loaded, edges };
      },
    });
  const hold: Served['hold'] = async (model) => {
    try {
      return await heldBy(paths.serving, model, readTrustFile(paths.trust));
    } catch (error) {
      return { by: 'nobody knows', reason: (error as Error).message };
    }
  };
  const lookAt = async (model: string): Promise<void> => {
    const db = read();
    const versions = db ? await inStaging(db, model) : [];
    // Whoever asks again makes it be looked for again.
    if (versions.length === 0) staging.delete(model);
    const slots = staging.get(model) ?? new Map<string, Slot>();
    for (const gone of [...slots.keys()].filter((version) => !versions.includes(version))) slots.delete(gone);
    for (const version of versions) {
      const slot = slots.get(version) ?? newSlot(model, 'staging');
      slots.set(version, slot);
      slot.want({ version, because: await digestOf(paths.trust) });
    }
  };
  return {
    slot(model, stage, version) {
      if (stage === 'production') return production.get(model);
      const slots = staging.get(model) ?? new Map<string, Slot>();
      // Nobody who names models at will makes this grow.
      if (production.size + staging.size < MOST_MODELS) staging.set(model, slots);
      return version === undefined ? (slots.size === 1 ? [...slots.values()][0] : undefined) : slots.get(version);
    },
    list: () => [
      ...[...production].map(([model, slot]) => ({ model, stage: 'production' as const, slot })),
      ...[...staging].flatMap(([model, slots]) =>
        [...slots.values()].map((slot) => ({ model, stage: 'staging' as const, slot })),
      ),
    ],
    hold,
    async look() {
      const trusted = await digestOf(paths.trust);
      for (const { model, version, change } of await readPointers(paths.serving)) {
        const slot = production.get(model) ?? newSlot(model, 'production');
        production.set(model, slot);
        // Nothing is resolved while it is held, and every refusal would be on the trail.
        if (!(await hold(model))) slot.want({ version, because: `${change} ${trusted}` });
      }
    },
    async lookAtStaging() {
      if (staging.size === 0) return;
      for (const model of staging.keys()) await lookAt(model).catch(() => undefined);
    },
    async close() {
      closing.abort();
      await Promise.all([...production.values()].map((slot) => slot.settled()));
      await opened?.end();
    },
  };
}

const MOST_MODELS = 1_000;

function asPerson(paths: ServedOptions['paths']): NonNullable<ServedOptions['resolve']> {
  return async (asked, signal) => {
    const connection = readConnection(paths.root);
    if (!connection) throw new Error('the stack is still starting');
    return await resolveBundle({ dataDir: paths.root, person: personOf(connection, asked.stage), ...asked }, signal);
  };
}

function personOf({ people }: Connection, stage: Stage): string {
  const wanted = MAY_LOAD[stage];
  const person = wanted.flatMap((group) => people.find(({ groups }) => groups.includes(group)) ?? [])[0];
  if (!person) throw new Error(`nobody in group ${wanted.join(' or ')} has a key here`);
  return person.email;
}

async function digestOf(path: string): Promise<string> {
  return await readFile(path).then(sha256, () => 'not there');
}
