import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { sha256 } from '../../platform/digest.js';
import { PACKAGE_LIMITS } from '../../platform/files/package-files.js';
import { problemLine } from '../../platform/files/yaml-document.js';
import { readPackage } from '../../platform/package.js';

// The rows of promises §3 for artifacts that package.test.ts and store.test.ts leave; kind rule is exit code 3, usage 2.
let dir: string;
let server: Server | undefined;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'gatehouse-catalogue-'));
  writeFileSync(join(dir, 'model.onnx'), 'a model');
  writeFileSync(join(dir, 'model.yaml'), MODEL);
});
afterEach(async () => {
  await new Promise((done) => (server ? server.close(done) : done(undefined)));
  server = undefined;
  rmSync(dir, { recursive: true, force: true });
});

const MODEL =
  `name: m\nversion: 1.2.0\nartifacts:\n  - {path: model.onnx, role: model, sha256: ${sha256('a model')}}\n` +
  'feature_view: {name: v, version: 3}\nfeatures: [{name: age, type: float32}]\n' +
  'training: {dataset: train, run: r-1, commit: abc}\nholdout: hold\n';

async function linesOf(): Promise<string> {
  const read = await readPackage(dir);
  return read.ok ? 'ok' : read.problems.map((problem) => `${problem.kind} ${problemLine(problem)}`).join('\n');
}

describe('A2: only regular files', () => {
  it('refuses a socket', async () => {
    server = createServer();
    await new Promise<void>((ready) => server?.listen(join(dir, 'socket'), ready));
    expect(await linesOf()).toMatch(/^rule .*socket: is a socket; only regular files are read/);
  });

  const isRoot = process.getuid?.() === 0;
  it.skipIf(!isRoot || process.platform !== 'linux')('refuses a device', async () => {
    execFileSync('mknod', [join(dir, 'zero'), 'c', '1', '5']);
    expect(await linesOf()).toMatch(/^rule .*zero: is a device; only regular files are read/);
  });
});

describe('A6, A7: bounds', () => {
  it('refuses a package of one byte more than is read, and not for its size at that size', async () => {
    const rest = PACKAGE_LIMITS.bytes - MODEL.length - 'a model'.length;
    writeFileSync(join(dir, 'unlisted'), '');
    truncateSync(join(dir, 'unlisted'), rest);
    expect(await linesOf()).toMatch(/^rule .* there but not listed: unlisted$/);
    truncateSync(join(dir, 'unlisted'), rest + 1);
    expect(await linesOf()).toMatch(
      `rule ${dir}: holds ${PACKAGE_LIMITS.bytes + 1} bytes; at most ${PACKAGE_LIMITS.bytes} are read`,
    );
  });

  it('looks at no more entries than the limit', async () => {
    mkdirSync(join(dir, 'many'));
    for (let i = 0; i < PACKAGE_LIMITS.entries; i += 1) writeFileSync(join(dir, 'many', String(i)), '');
    expect(await linesOf()).toMatch(`rule ${dir}: holds more than ${PACKAGE_LIMITS.entries} entries`);
  });

  it('looks into no more directories in one another than the limit', async () => {
    mkdirSync(join(dir, ...Array.from({ length: PACKAGE_LIMITS.depth + 1 }, () => 'd')), { recursive: true });
    expect(await linesOf()).toMatch(/^rule .*: is more than 32 directories deep/);
  });
});

describe('A13: model.yaml that is not what it seems', () => {
  it.each([
    ['a key twice', `${MODEL}holdout: other\n`, /^usage .*holdout/],
    ['a second document', `${MODEL}---\nname: other\n`, /^usage /],
    ['20 MB', MODEL + '#'.repeat(20_000_000), /^usage .*at most 1000000 are read/],
    ['a number above 2^53', MODEL.replace('version: 3', 'version: 9007199254740993'), /^usage .*feature_view.version/],
    [
      'a metric above 2^53',
      MODEL.replace('commit: abc', 'commit: abc, metrics: {loss: 9007199254740993}'),
      /^usage .*metrics.loss/,
    ],
  ])('refuses %s as bad input', async (_, text, expected) => {
    writeFileSync(join(dir, 'model.yaml'), text);
    expect(await linesOf()).toMatch(expected);
  });
});
