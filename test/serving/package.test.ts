import { execFileSync } from 'node:child_process';
import {
  appendFileSync,
  linkSync,
  mkdirSync,
  mkdtempSync,
  renameSync,
  rmSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { verifyBundle } from '../../client/verify.js';
import { canonicalJson } from '../../domain/canonical.js';
import type { ServingBundle } from '../../domain/serving-bundle.js';
import type { Trust } from '../../domain/trust.js';
import { sha256 } from '../../platform/digest.js';
import { readTrust } from '../../platform/read/trust.js';
import { wrongManifestPath } from '../../platform/serving/package-on-disk.js';
import { bundleOf, packageCopy } from '../support/served.js';
import { staged } from '../support/staged.js';
import { makeWorld, type World } from '../support/world.js';

let world: World;
let bundle: ServingBundle;
let trust: Trust;
let dir: string;
let packageDir: string;
beforeAll(async () => {
  world = await makeWorld();
  await staged(world, '1.2.0');
  bundle = await bundleOf(world, '1.2.0');
  trust = await readTrust(world.db.reader);
}, 60_000);
afterAll(() => world?.close());
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'gatehouse-served-'));
  packageDir = packageCopy(dir, '1.2.0');
});
afterEach(() => rmSync(dir, { recursive: true, force: true }));

const verify = (place: { packageDir: string } | { store: string }) => verifyBundle({ bundle, trust, stage: 'staging', ...place });
const inPackage = (...names: string[]): string => join(packageDir, ...names);

describe('a package on disk', () => {
  it('is verified as a whole, and read as the bytes that were hashed', async () => {
    for (const place of [{ packageDir }, { store: world.deps.store.dir }]) {
      const verdict = await verify(place);
      if (!verdict.ok) throw new Error(verdict.problem);
      const model = await verdict.verifiedFile('model.onnx');
      expect(sha256(model)).toBe(bundle.manifest.files.find(({ path }) => path === 'model.onnx')?.sha256);
      await expect(verdict.verifiedFile('../1.2.0/model.onnx')).rejects.toThrow('no file of this package');
    }
  });

  it.each<[string, () => void, RegExp]>([
    ['a byte more', () => appendFileSync(inPackage('model.onnx'), 'x'), /model\.onnx.*at most/],
    ['a byte less', () => truncateSync(inPackage('model.onnx'), 10), /not the file of the manifest/],
    [
      'another file of the same size',
      () => writeFileSync(inPackage('MODEL_CARD.md'), 'x'.repeat(sizeOf('MODEL_CARD.md'))),
      /MODEL_CARD\.md.*not the file/,
    ],
    ['two files in each other’s place', swapFiles, /at most|not the file/],
    ['a file missing', () => rmSync(inPackage('MODEL_CARD.md')), /there is no file/],
    ['a file renamed', () => renameSync(inPackage('model.onnx'), inPackage('model2.onnx')), /model2\.onnx.*not in the manifest/],
    ['a file more', () => writeFileSync(inPackage('extra.py'), ''), /extra\.py.*not in the manifest/],
    ['a hidden file more', () => writeFileSync(inPackage('.hidden'), ''), /\.hidden.*not in the manifest/],
    [
      'a file in a folder more',
      () => {
        mkdirSync(inPackage('more'));
        writeFileSync(inPackage('more', 'model.onnx'), '');
      },
      /more\/model\.onnx.*not in the manifest/,
    ],
    [
      'a symbolic link in a file’s place',
      () => {
        renameSync(inPackage('model.onnx'), join(dir, 'm'));
        symlinkSync(join(dir, 'm'), inPackage('model.onnx'));
      },
      /symbolic link/,
    ],
    ['a symbolic link to a directory', () => symlinkSync(dir, inPackage('more')), /symbolic link/],
    ['a second name of a file', () => linkSync(inPackage('model.onnx'), join(dir, 'm')), /hard link/],
    ['a FIFO', () => execFileSync('mkfifo', [inPackage('pipe')]), /FIFO/],
    ['nothing at all', () => rmSync(packageDir, { recursive: true }), /may not be read as a directory/],
    [
      'a file in the directory’s place',
      () => {
        rmSync(packageDir, { recursive: true });
        writeFileSync(packageDir, '');
      },
      /may not be read as a directory/,
    ],
  ])('is refused with %s', async (_, spoil, problem) => {
    spoil();
    expect(await verify({ packageDir })).toEqual({ ok: false, problem: expect.stringMatching(problem) as string });
  });

  it('that is changed after it was verified is not handed out', async () => {
    const verdict = await verify({ packageDir });
    if (!verdict.ok) throw new Error(verdict.problem);
    const size = sizeOf('model.onnx');
    writeFileSync(inPackage('model.onnx'), Buffer.alloc(size, 7));
    await expect(verdict.verifiedFile('model.onnx')).rejects.toThrow('not the file of the manifest');
    rmSync(inPackage('model.onnx'));
    symlinkSync('/dev/zero', inPackage('model.onnx'));
    await expect(verdict.verifiedFile('model.onnx')).rejects.toThrow('symbolic link');
  });

  it.each(['../x', '/etc/passwd', 'a/../../b', 'a//b', './a', 'a\\b', 'C:/x', 'a\0b', ''])(
    'is never looked for outside its directory: %j',
    (path) => {
      expect(wrongManifestPath([{ path, sha256: 'a'.repeat(64), size: 1 }])).toMatch(/no path inside/);
    },
  );

  it('has each file once', () => {
    const file = { path: 'a', sha256: 'a'.repeat(64), size: 1 };
    expect(wrongManifestPath([file, file])).toMatch(/twice/);
    expect(wrongManifestPath([file, { ...file, path: 'b/a' }])).toBeUndefined();
    expect(sha256(canonicalJson(bundle.manifest as never))).toBe(bundle.artifactDigest);
  });
});

function sizeOf(path: string): number {
  return bundle.manifest.files.find((file) => file.path === path)?.size ?? 0;
}

function swapFiles(): void {
  renameSync(inPackage('model.onnx'), join(dir, 'm'));
  renameSync(inPackage('MODEL_CARD.md'), inPackage('model.onnx'));
  renameSync(join(dir, 'm'), inPackage('MODEL_CARD.md'));
}
