import { mkdir, open, readdir, rename } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { sha256 } from '../digest.js';
import { FileError, readRegularFile } from '../files/regular-file.js';
import { syncFolder } from '../sync-folder.js';

/** The signed holds and lifts beside what a serving system reads: they count there at once, whatever else is away. */
export interface HoldSpool {
  /** Keeps an envelope, whole or not at all, and answers its file; again it changes nothing. `model` is '' for all of them. */
  put(model: string, envelope: string): Promise<string>;
  /** What may be envelopes about a model, or without one about any; throws where the directory cannot be read. */
  list(model?: string): Promise<string[]>;
}

const LIMIT_BYTES = 64 * 1024;
const ENVELOPE = /^[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+$/;

/** The spool in a serving directory: `holds/<model>/<hash>.jws`, or `holds/<hash>.jws` for all models. */
export function holdSpool(servingDir: string): HoldSpool {
  const root = join(servingDir, 'holds');
  return {
    async put(model, envelope) {
      const folder = join(root, model);
      await mkdir(folder, { recursive: true });
      const path = join(folder, `${sha256(envelope)}.jws`);
      const whole = `${path}.${process.pid}.new`;
      const handle = await open(whole, 'w', 0o644);
      try {
        await handle.writeFile(envelope);
        await handle.sync();
      } finally {
        await handle.close();
      }
      await rename(whole, path);
      for (const each of [folder, dirname(folder)]) await syncFolder(each);
      return path;
    },
    async list(model) {
      const folders = model === undefined ? ['', ...(await foldersIn(root))] : ['', model];
      const found = await Promise.all(folders.map((folder) => envelopesIn(join(root, folder))));
      return [...new Set(found.flat())];
    },
  };
}

async function foldersIn(root: string): Promise<string[]> {
  const entries = await readdir(root, { withFileTypes: true }).catch(noneThere);
  return entries.filter((entry) => entry.isDirectory()).map(({ name }) => name);
}

/** What is no file of an envelope's form holds nothing, whoever put it there. */
async function envelopesIn(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { withFileTypes: true }).catch(noneThere);
  const envelopes: string[] = [];
  for (const { name } of entries.filter((entry) => entry.isFile() && entry.name.endsWith('.jws'))) {
    try {
      const text = (await readRegularFile(join(folder, name), { maxBytes: LIMIT_BYTES })).toString('latin1').trim();
      if (ENVELOPE.test(text)) envelopes.push(text);
    } catch (error) {
      if (!(error instanceof FileError)) throw error;
    }
  }
  return envelopes;
}

function noneThere(error: NodeJS.ErrnoException): never[] {
  if (error.code === 'ENOENT') return [];
  throw error;
}
