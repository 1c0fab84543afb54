import { mkdir, open, readFile, rename } from 'node:fs/promises';
import { join } from 'node:path';
import { holdSpool } from '../../platform/serving/hold-spool.js';
import type { ServingPointer, ServingTarget } from '../ports.js';

/** A file for each model that names the version to serve: `<directory>/<model>.json`, replaced as a whole; holds are beside them. */
export function pointerFile(directory: string): ServingTarget {
  const pathOf = (model: string) => join(directory, `${model}.json`);
  return {
    name: `pointer file ${directory}`,
    holds: holdSpool(directory),
    async point(pointer) {
      await mkdir(directory, { recursive: true });
      const temporary = `${pathOf(pointer.model)}.${process.pid}.new`;
      const handle = await open(temporary, 'w', 0o644);
      try {
        await handle.writeFile(`${JSON.stringify(pointer, null, 2)}\n`);
        await handle.sync();
      } finally {
        await handle.close();
      }
      await rename(temporary, pathOf(pointer.model));
    },
    async read(model) {
      const text = await readFile(pathOf(model), 'utf8').catch((error: NodeJS.ErrnoException) => {
        if (error.code === 'ENOENT') return undefined;
        throw error;
      });
      return text === undefined ? undefined : (JSON.parse(text) as ServingPointer);
    },
  };
}
