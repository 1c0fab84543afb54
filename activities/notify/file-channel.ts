import { appendFile, mkdir } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { Channel } from '../ports.js';

/** Notices as JSON lines in a file, for whoever reads or forwards it; each line carries the notice's key. */
export function fileChannel(path: string): Channel {
  return {
    name: 'file',
    async send(notice) {
      await mkdir(dirname(path), { recursive: true });
      await appendFile(path, `${JSON.stringify(notice)}\n`, { mode: 0o600 });
      return path;
    },
  };
}
