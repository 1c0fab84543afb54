import { createRequire } from 'node:module';
import { fileURLToPath, pathToFileURL } from 'node:url';

const SOURCES = {
  cli: 'client/cli.ts',
  stack: 'dev/stack.ts',
  worker: 'workers/main.ts',
  watchdog: 'workers/watchdog-main.ts',
  serving: 'dev/serving/main.ts',
  traffic: 'dev/serving/traffic/main.ts',
  'model-process': 'activities/checks/model-process.ts',
  'data-process': 'activities/checks/data-process.ts',
} as const;

/** The processes Gatehouse is made of. */
export type EntryName = keyof typeof SOURCES;

/** A program and its first arguments; the caller adds its own after them. */
export interface Entry {
  readonly command: string;
  readonly args: readonly string[];
}

/** How to start a process of Gatehouse, whatever the working directory: the source under tsx, or `dist/<name>.js` of a build. */
export function entry(name: EntryName): Entry {
  if (!runsFromSources()) return { command: process.execPath, args: [fileURLToPath(new URL(`./${name}.js`, import.meta.url))] };
  const tsx = pathToFileURL(createRequire(import.meta.url).resolve('tsx')).href;
  return { command: process.execPath, args: ['--import', tsx, fileURLToPath(new URL(`../${SOURCES[name]}`, import.meta.url))] };
}

/** The folder that holds `policies/`, `examples/`, `migrations/` and `dist/`; without a slash at its end. */
export function packageRoot(): string {
  return fileURLToPath(new URL('..', import.meta.url)).replace(/[\\/]$/, '');
}

/** Whether this process runs the TypeScript sources rather than a build. */
export function runsFromSources(): boolean {
  return import.meta.url.endsWith('.ts');
}
