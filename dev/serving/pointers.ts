import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { MODEL_NAME } from '../../domain/ids.js';

/** What a serving pointer says: nobody has signed it, so it says only when to ask and what to expect. */
export interface Pointer {
  readonly model: string;
  readonly version: string | null;
  readonly change: string;
}

/** The pointers of a serving directory; what is not one of this form is left out. */
export async function readPointers(directory: string): Promise<Pointer[]> {
  const names = await readdir(directory).catch(() => []);
  const models = names.flatMap((name) => (name.endsWith('.json') ? [name.slice(0, -'.json'.length)] : []));
  const read = await Promise.all(models.filter((model) => MODEL_NAME.test(model)).map((model) => readPointer(directory, model)));
  return read.flatMap((pointer) => (pointer ? [pointer] : []));
}

async function readPointer(directory: string, model: string): Promise<Pointer | undefined> {
  try {
    const read = JSON.parse(await readFile(join(directory, `${model}.json`), 'utf8')) as Partial<Pointer> | null;
    const { version, change } = read ?? {};
    if ((version !== null && typeof version !== 'string') || typeof change !== 'string') return undefined;
    return { model, version, change };
  } catch {
    return undefined;
  }
}
