import { existsSync, readdirSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { makeFolder } from '../data-dir.js';
import { Refused } from '../output.js';

const MARKER = '.gatehouse-demo';
const MARK = 'gatehouse demo made this folder, and clears it whenever it runs again.\n';

/** The demo's folder in a data directory, made and marked as the demo's; throws a Refused (2) when it holds anything else. */
export function demoPlace(dataDir: string): string {
  const place = join(resolve(dataDir), 'demo');
  const marker = join(place, MARKER);
  makeFolder(place);
  if (!existsSync(marker) && readdirSync(place).length > 0) {
    throw new Refused({
      kind: 'usage',
      what: `${place} is not a folder that a demo made`,
      next: 'move it away, or name another --data-dir',
    });
  }
  writeFileSync(marker, MARK, { mode: 0o600 });
  return place;
}
