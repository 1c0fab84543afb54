import { open } from 'node:fs/promises';

/** Makes the names in a folder last: without it a file that was given its name can be without one after a crash. */
export async function syncFolder(folder: string): Promise<void> {
  if (process.platform === 'win32') return;
  const handle = await open(folder, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}
