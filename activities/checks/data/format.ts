import { open } from 'node:fs/promises';

const PARQUET_MARK = 'PAR1';

/** Whether a file is Parquet by its first bytes, whatever its name; an empty one is not. */
export async function isParquet(path: string): Promise<boolean> {
  const file = await open(path);
  try {
    const { buffer, bytesRead } = await file.read(Buffer.alloc(PARQUET_MARK.length), 0, PARQUET_MARK.length, 0);
    return buffer.toString('latin1', 0, bytesRead) === PARQUET_MARK;
  } finally {
    await file.close();
  }
}
