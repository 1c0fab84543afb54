import { mkdirSync, readFileSync, realpathSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import type { Refusal } from '../domain/refusal.js';
import type { Trust } from '../domain/trust.js';

/** Somebody enrolled, as `connection.json` names them. */
export interface ConnectedPerson {
  readonly email: string;
  readonly name: string;
  readonly groups: readonly string[];
}

/** What `<data dir>/connection.json` says while an embedded stack runs; its URLs carry passwords. */
export interface Connection {
  readonly environment: 'development' | 'production';
  readonly readUrl: string;
  readonly workerUrl: string;
  readonly temporal: { readonly address: string; readonly namespace: string; readonly uiUrl: string };
  readonly store: string;
  readonly keys: string;
  readonly people: readonly ConnectedPerson[];
  /** Files that notices and messages arrive in, and the addresses of the peers that take messages (`platform/sinks.ts`). */
  readonly sinks: Readonly<Record<string, string>>;
  /** The demo serving endpoint, where it came up. */
  readonly serving?: { readonly url: string };
  /** Where PostgreSQL's files are: as root not always inside the data directory. */
  readonly postgres: { readonly dataDir: string; readonly binDir: string };
}

/** What `<data dir>/owner.json` holds: the logins that can change the record's schema and everything in it. */
export interface OwnerFile {
  readonly ownerUrl: string;
  readonly superuserUrl: string;
  readonly passwords: Readonly<Record<'superuser' | 'owner' | 'worker' | 'reader' | 'serving', string>>;
}

/** The stack that has a data directory already; without a connection while it starts. */
export interface RunsAlready {
  readonly pid: number;
  readonly connection?: Connection;
}

/** What the process of the embedded stack can be told: to stop in order, or at once. */
export type StackCommand = 'stop' | 'hurry';

/** What the process of the embedded stack tells whoever started it. */
export type StackMessage =
  | { readonly type: 'line'; readonly line: string }
  | { readonly type: 'ready'; readonly connection: Connection }
  | { readonly type: 'refused'; readonly refusal: Refusal; readonly runs?: RunsAlready };

/** Everything an embedded stack keeps in its data directory, by what it is for. */
export function dataDirPaths(dataDir: string) {
  const root = resolve(dataDir);
  const inside = (name: string): string => join(root, name);
  return {
    root,
    connection: inside('connection.json'),
    owner: inside('owner.json'),
    store: inside('store'),
    serving: inside('serving'),
    notices: inside('notices.jsonl'),
    sinks: inside('sinks'),
    keys: inside('keys'),
    trust: inside('trust.json'),
    logs: inside('logs'),
    run: inside('run'),
    postgres: inside('postgres'),
    temporalDb: inside('temporal.db'),
  } as const;
}
export type DataDirPaths = ReturnType<typeof dataDirPaths>;

/** Makes the data directory, for its user alone, and answers its paths without symbolic links, with folders for logs and process records. */
export function makeDataDir(dataDir: string): DataDirPaths {
  mkdirSync(dataDir, { recursive: true, mode: 0o700 });
  const paths = dataDirPaths(realpathSync(dataDir));
  for (const folder of [paths.logs, paths.run]) mkdirSync(folder, { recursive: true, mode: 0o700 });
  return paths;
}

/** The connection of the stack that runs on a data directory, or undefined when none does; throws when the file is damaged. */
export function readConnection(dataDir: string): Connection | undefined {
  const read = readJson(dataDirPaths(dataDir).connection);
  if (read === undefined) return undefined;
  const found = (read ?? {}) as Partial<Connection>;
  const texts = [found.readUrl, found.workerUrl, found.store, found.keys, found.temporal?.address, found.temporal?.namespace];
  if (texts.some((text) => typeof text !== 'string')) {
    throw new Error(`${dataDirPaths(dataDir).connection} is not a connection file of this release`);
  }
  return read as Connection;
}

/** The owner's logins of a data directory, or undefined when it has none; throws when the file is damaged. */
export function readOwnerFile(dataDir: string): OwnerFile | undefined {
  return readJson(dataDirPaths(dataDir).owner) as OwnerFile | undefined;
}

/** Replaces a JSON file in one step, readable by its user alone: a reader sees the old text or the new one. */
export function writePrivateJson(path: string, value: Connection | OwnerFile | Trust): void {
  const next = `${path}.${process.pid}.new`;
  writeFileSync(next, `${JSON.stringify(value, null, 2)}\n`, { mode: 0o600 });
  renameSync(next, path);
}

/** Says that no stack runs on the data directory any more. */
export function removeConnection(dataDir: string): void {
  rmSync(dataDirPaths(dataDir).connection, { force: true });
}

function readJson(path: string): unknown {
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
  try {
    return JSON.parse(text) as unknown;
  } catch {
    throw new Error(`${path} is not JSON`);
  }
}
