import { writePrivateJson } from './connection-file.js';
import { openPool } from './pool.js';
import { readTrust } from './read/trust.js';

/** Keeps who is on the record in a file, so that a hold can be signed when the record is away. */
export async function copyTrust(url: string, path: string): Promise<void> {
  const pool = openPool(url, 'gatehouse trust', { max: 1 });
  try {
    writePrivateJson(path, await readTrust(pool));
  } finally {
    await pool.end();
  }
}
