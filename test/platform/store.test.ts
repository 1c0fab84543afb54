import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  chmodSync,
  existsSync,
  linkSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  rmSync,
  statSync,
  symlinkSync,
  truncateSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { open } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { sha256 } from '../../platform/digest.js';
import { FileError, streamFile } from '../../platform/files/regular-file.js';
import { openStore, type Store } from '../../platform/store.js';

let dir: string;
let store: Store;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'gatehouse-store-'));
  store = openStore(join(dir, 'store'));
});
afterEach(() => rmSync(dir, { recursive: true, force: true }));

const temporaries = () => readdirSync(join(store.dir, 'tmp'));
const refusalOf = async (work: Promise<unknown>) => {
  const error: unknown = await work.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  expect(error).toBeInstanceOf(FileError);
  return (error as FileError).refusal;
};

describe('putting', () => {
  it('keeps a file under its digest, read-only, and leaves nothing else', async () => {
    const bytes = Buffer.alloc(3_500_000, 'gatehouse');
    writeFileSync(join(dir, 'f'), bytes);
    const stored = await store.put(join(dir, 'f'));
    expect(stored).toEqual({ digest: sha256(bytes), size: bytes.length });
    expect(store.pathOf(stored.digest)).toBe(join(store.dir, 'sha256', stored.digest.slice(0, 2), stored.digest));
    expect(statSync(store.pathOf(stored.digest)).mode & 0o777).toBe(0o444);
    expect((await store.read(stored.digest)).equals(bytes)).toBe(true);
    expect(await store.has(stored.digest)).toBe(true);
    expect(await store.verify(stored.digest)).toBe(true);
    expect(temporaries()).toEqual([]);
  });

  it('keeps what is there', async () => {
    const { digest } = await store.putBytes('x');
    const before = statSync(store.pathOf(digest));
    expect(await store.putBytes(Buffer.from('x'))).toEqual({ digest, size: 1 });
    expect(statSync(store.pathOf(digest))).toMatchObject({ ino: before.ino, mtimeMs: before.mtimeMs });
    expect(await store.putBytes('')).toEqual({ digest: sha256(''), size: 0 });
  });

  it('replaces what is damaged', async () => {
    const { digest } = await store.putBytes('right');
    chmodSync(store.pathOf(digest), 0o644);
    writeFileSync(store.pathOf(digest), 'wrong');
    expect(await store.verify(digest)).toBe(false);
    expect(await refusalOf(store.read(digest))).toMatchObject({ kind: 'rule', what: expect.stringContaining('damaged') });
    await store.putBytes('right');
    expect((await store.read(digest)).toString()).toBe('right');
  });

  it.each([
    ['a symbolic link', (path: string) => symlinkSync('/etc/passwd', path), 'symbolic link'],
    ['a dangling link', (path: string) => symlinkSync('nowhere', path), 'symbolic link'],
    ['a directory', (path: string) => mkdirSync(path), 'directory'],
    ['a FIFO', (path: string) => execFileSync('mkfifo', [path]), 'FIFO'],
    ['a device', (path: string) => symlinkSync('/dev/zero', path), 'symbolic link'],
  ])('refuses %s without hanging (A2)', async (_, make, kind) => {
    make(join(dir, 'odd'));
    expect(await refusalOf(store.put(join(dir, 'odd')))).toMatchObject({
      kind: 'rule',
      what: expect.stringContaining(`is a ${kind}`),
    });
    expect(temporaries()).toEqual([]);
  });

  it('refuses devices, sockets, missing files and further hard links', async () => {
    expect(await refusalOf(store.put('/dev/null'))).toMatchObject({ kind: 'rule', what: expect.stringContaining('device') });
    const server = createServer().listen(join(dir, 'socket'));
    await once(server, 'listening');
    expect(await refusalOf(store.put(join(dir, 'socket')))).toMatchObject({
      kind: 'rule',
      what: expect.stringContaining('socket'),
    });
    server.close();
    expect(await refusalOf(store.put(join(dir, 'none')))).toMatchObject({
      kind: 'usage',
      what: expect.stringContaining('there is no file'),
    });
    writeFileSync(join(dir, 'one'), 'x');
    linkSync(join(dir, 'one'), join(dir, 'two'));
    expect(await refusalOf(store.put(join(dir, 'one'), { singleLink: true }))).toMatchObject({
      kind: 'rule',
      what: expect.stringContaining('hard link'),
    });
    expect((await store.put(join(dir, 'one'))).size).toBe(1);
  });

  it('refuses a file that grows, shrinks or is rewritten while it is read (A7)', async () => {
    const path = join(dir, 'f');
    const change = async (how: () => Promise<void> | void) => {
      writeFileSync(path, Buffer.alloc(2_500_000));
      // File systems tick in milliseconds: the change below must not fall into the same one.
      utimesSync(path, 1, 1);
      let isFirst = true;
      const take = async () => {
        if (isFirst) await how();
        isFirst = false;
      };
      expect(await refusalOf(streamFile(path, take))).toMatchObject({
        kind: 'rule',
        what: expect.stringContaining('changed while reading'),
      });
    };
    await change(() => writeFileSync(path, 'more', { flag: 'a' }));
    await change(() => truncateSync(path, 1_500_000));
    await change(async () => {
      const handle = await open(path, 'r+');
      await handle.write('x', 0);
      await handle.close();
    });
  });

  it('refuses a sparse file of 1 TB at once, where there is a limit', async () => {
    writeFileSync(join(dir, 'sparse'), '');
    truncateSync(join(dir, 'sparse'), 1e12);
    const refusal = await refusalOf(store.put(join(dir, 'sparse'), { maxBytes: 1e9 }));
    expect(refusal).toMatchObject({ kind: 'rule', what: expect.stringContaining('1000000000000 bytes') });
  });
});

describe('reading', () => {
  it.each(['', 'x', '../../../etc/passwd', 'A'.repeat(64), `${'a'.repeat(64)}\n`, 'a'.repeat(63)])(
    'knows %j to be no digest',
    async (digest) => {
      expect(() => store.pathOf(digest)).toThrow(RangeError);
      await expect(store.read(digest)).rejects.toThrow(RangeError);
      await expect(store.verify(digest)).rejects.toThrow(RangeError);
    },
  );

  it('says what is missing or too large', async () => {
    const none = sha256('none');
    expect([await store.has(none), await store.verify(none)]).toEqual([false, false]);
    expect(await refusalOf(store.read(none))).toMatchObject({ kind: 'usage' });
    const { digest } = await store.putBytes('12345');
    expect((await store.read(digest, 5)).length).toBe(5);
    expect(await refusalOf(store.read(digest, 4))).toMatchObject({ what: expect.stringContaining('at most 4') });
  });

  it("does not follow what was put in a blob's place", async () => {
    const { digest } = await store.putBytes('x');
    for (const make of [
      () => symlinkSync('/etc/passwd', store.pathOf(digest)),
      () => execFileSync('mkfifo', [store.pathOf(digest)]),
    ]) {
      rmSync(store.pathOf(digest));
      make();
      expect([await store.has(digest), await store.verify(digest)]).toEqual([false, false]);
      await refusalOf(store.read(digest));
    }
    rmSync(store.pathOf(digest));
    await store.putBytes('x');
    expect(await store.verify(digest)).toBe(true);
  });

  it('stops verifying when asked to', async () => {
    const { digest } = await store.putBytes(Buffer.alloc(3_000_000));
    await expect(store.verify(digest, AbortSignal.abort())).rejects.toThrow(/abort/i);
  });
});

it('is safe for several processes at once', async () => {
  writeFileSync(join(dir, 'shared'), Buffer.alloc(4_000_000, 'shared'));
  const program = `
    import { openStore } from ${JSON.stringify(join(import.meta.dirname, '../../platform/store.ts'))};
    const store = openStore(${JSON.stringify(store.dir)});
    for (let i = 0; i < 15; i++) {
      const { digest } = await store.put(${JSON.stringify(join(dir, 'shared'))});
      if (!(await store.verify(digest))) process.exit(1);
      await store.putBytes('n' + i);
    }`;
  const children = [1, 2, 3].map(() =>
    spawn(process.execPath, ['--import', 'tsx', '--input-type=module', '-e', program], { stdio: 'inherit' }),
  );
  const codes = await Promise.all(children.map(async (child) => (await once(child, 'exit'))[0] as number));
  expect(codes).toEqual([0, 0, 0]);
  expect(await store.verify(sha256(Buffer.alloc(4_000_000, 'shared')))).toBe(true);
  expect(temporaries()).toEqual([]);
  expect(existsSync(store.pathOf(sha256('n14')))).toBe(true);
});
