import { execFileSync } from 'node:child_process';
import {
  cpSync,
  linkSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { canonicalJson } from '../../domain/canonical.js';
import { sha256 } from '../../platform/digest.js';
import { problemLine } from '../../platform/files/yaml-document.js';
import { loadPackage, readPackage, storePackage } from '../../platform/package.js';
import { openStore, type Store } from '../../platform/store.js';

let root: string;
let dir: string;
let store: Store;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'gatehouse-package-'));
  dir = join(root, 'package');
  store = openStore(join(root, 'store'));
  mkdirSync(join(dir, 'docs'), { recursive: true });
  write('model.onnx', 'a model');
  write('docs/CARD.md', 'a card');
  describeAs();
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

function write(path: string, text: string | Buffer): void {
  writeFileSync(join(dir, path), text);
}

function describeAs(paths = ['model.onnx', 'docs/CARD.md']): void {
  const artifacts = paths.map(
    (path, i) => `  - {path: "${path}", role: ${i === 0 ? 'model' : 'documentation'}, sha256: ${sha256(contentOf(path))}}\n`,
  );
  write(
    'model.yaml',
    `name: m\nversion: 1.2.0\nartifacts:\n${artifacts.join('')}feature_view: {name: v, version: 3}\nfeatures: [{name: age, type: float32}]\n` +
      'training: {dataset: train, run: r-1, commit: abc}\nholdout: hold\n',
  );
}

function contentOf(path: string): Buffer {
  try {
    return readFileSync(join(dir, path));
  } catch {
    return Buffer.from('');
  }
}

async function linesOf(): Promise<string[]> {
  const read = await readPackage(dir);
  const stored = await storePackage(store, dir);
  expect(stored.ok).toBe(read.ok);
  return read.ok ? [] : read.problems.map((problem) => `${problem.kind} ${problemLine(problem).replaceAll(dir, 'DIR')}`);
}

describe('a package that holds together', () => {
  it('is read, stored and loaded as the same', async () => {
    const read = await readPackage(dir);
    const stored = await storePackage(store, dir);
    if (!read.ok || !stored.ok) throw new Error('refused');
    expect(read.manifest.files).toEqual(
      ['docs/CARD.md', 'model.onnx', 'model.yaml'].map((path) => ({
        path,
        sha256: sha256(contentOf(path)),
        size: contentOf(path).length,
      })),
    );
    expect(stored).toEqual({
      ...read,
      artifactDigest: sha256(canonicalJson({ files: read.manifest.files.map((file) => ({ ...file })) })),
    });
    expect(await loadPackage(store, stored.artifactDigest)).toEqual(stored);
    for (const file of stored.manifest.files) expect(await store.verify(file.sha256)).toBe(true);
  });

  it('has another digest when any file changes, and the same wherever it lies', async () => {
    const digest = async () => {
      const stored = await storePackage(store, dir);
      return stored.ok ? stored.artifactDigest : '';
    };
    const before = await digest();
    renameSync(dir, join(root, 'moved'));
    dir = join(root, 'moved');
    expect(await digest()).toBe(before);
    write('docs/CARD.md', 'another card');
    describeAs();
    expect(await digest()).not.toBe(before);
    write('docs/CARD.md', 'a card');
    describeAs();
    write('model.yaml', `${contentOf('model.yaml').toString()}# remark\n`);
    expect(await digest()).not.toBe(before);
  });

  it.each(['1.1.0', '1.2.0', '1.3.0'])('is the example %s', async (version) => {
    cpSync(join(import.meta.dirname, '../../examples/alzheimer/packages', version), join(root, version), { recursive: true });
    const read = await readPackage(join(root, version));
    expect(read.ok ? [] : read.problems.map(problemLine)).toEqual([]);
  });
});

describe('refused by rule', () => {
  it.each([
    ['a symbolic link', () => symlinkSync('/etc/passwd', join(dir, 'link')), /^rule DIR\/link: is a symbolic link/],
    ['a linked directory', () => symlinkSync('/etc', join(dir, 'link')), /is a symbolic link/],
    [
      'a listed symbolic link',
      () => (rmSync(join(dir, 'model.onnx')), symlinkSync('docs/CARD.md', join(dir, 'model.onnx'))),
      /is a symbolic link/,
    ],
    ['a FIFO', () => execFileSync('mkfifo', [join(dir, 'pipe')]), /^rule DIR\/pipe: is a FIFO/],
    [
      'a FIFO for model.yaml',
      () => (rmSync(join(dir, 'model.yaml')), execFileSync('mkfifo', [join(dir, 'model.yaml')])),
      /is a FIFO/,
    ],
    ['a hard link', () => linkSync(join(dir, 'model.onnx'), join(root, 'elsewhere')), /has 1 other hard link/],
    ['a file without a name of text', () => write('a\x1bb', 'x'), /control character/],
    ['a backslash in a name', () => write('a\\b', 'x'), /holds a backslash/],
    ['a sparse file of 1 TB', () => truncateSync(join(dir, 'model.onnx'), 1e12), /at most 10000000000 are read/],
  ])('%s (A2)', async (_, spoil, expected) => {
    spoil();
    const start = performance.now();
    const lines = await linesOf();
    expect(performance.now() - start).toBeLessThan(5000);
    expect(lines.join('\n')).toMatch(expected);
    expect(lines.join('')).not.toMatch(/\p{Cc}/u);
  });

  it("a digest that is not the file's, with both (A3)", async () => {
    write('model.onnx', 'b model');
    expect(await linesOf()).toEqual([
      `rule DIR/model.yaml:4:47: artifacts[0].sha256: model.onnx has the SHA-256 ${sha256('b model')}, expected ${sha256('a model')}`,
    ]);
  });

  it('files listed but missing and files present but unlisted, in one line (A4)', async () => {
    write('.hidden', 'x');
    write('docs/more.txt', 'x');
    rmSync(join(dir, 'docs/CARD.md'));
    expect(await linesOf()).toEqual([
      'rule DIR/model.yaml:3:1: artifacts: listed but not there: docs/CARD.md; there but not listed: .hidden, docs/more.txt',
    ]);
  });

  it.each([
    ['case', 'MODEL.onnx'],
    ['the case of model.yaml', 'Model.YAML'],
    ['sharp s', 'straße', 'STRASSE'],
    ['the form of accents', 'caf\u00e9', 'cafe\u0301'],
  ])('names that differ in %s only (A5)', async (_, ...names) => {
    for (const name of names) write(name, 'x');
    describeAs(['model.onnx', 'docs/CARD.md', ...names]);
    const lines = await linesOf();
    expect(lines.join('\n')).toMatch(/^rule .* has the same name as .* on some systems/m);
  });

  it('a path listed twice', async () => {
    describeAs(['model.onnx', 'docs/CARD.md', 'docs/CARD.md']);
    expect((await linesOf()).join()).toMatch(/artifacts\[2\].path: has the same name as docs\/CARD.md/);
  });

  it('an empty model (A6)', async () => {
    write('model.onnx', '');
    describeAs();
    expect(await linesOf()).toEqual(['rule DIR/model.yaml:4:12: artifacts[0].path: model.onnx is empty']);
  });

  it('a path that leaves the package (A1)', async () => {
    writeFileSync(join(root, 'outside'), 'x');
    describeAs(['model.onnx', 'docs/CARD.md', '../outside']);
    expect((await linesOf())[0]).toMatch(
      /^rule DIR\/model.yaml:6:12: artifacts\[2\].path: "..\/outside" has an empty part, . or ../,
    );
  });
});

describe('refused as unreadable', () => {
  it.each([
    ['no directory', () => rmSync(dir, { recursive: true }), /^usage DIR: is no directory/],
    ['no model.yaml', () => rmSync(join(dir, 'model.yaml')), /^usage DIR\/model.yaml: is missing/],
    ['a model.yaml of 2 MB', () => write('model.yaml', Buffer.alloc(2e6, 'a')), /at most 1000000 are read/],
    ['a model.yaml that is no YAML', () => write('model.yaml', 'a: [1'), /^usage DIR\/model.yaml:1:6: is not YAML/],
  ])('%s', async (_, spoil, expected) => {
    spoil();
    expect((await linesOf()).join('\n')).toMatch(expected);
  });
});

describe('loading from the store (A13)', () => {
  const load = async (manifest: string | Buffer) => loadPackage(store, (await store.putBytes(manifest)).digest);
  const entry = async (path: string, text: string | Buffer) => {
    const { digest, size } = await store.putBytes(text);
    return { path, sha256: digest, size };
  };

  it('refuses every other form of a manifest', async () => {
    const stored = await storePackage(store, dir);
    if (!stored.ok) throw new Error('refused');
    const text = (await store.read(stored.artifactDigest)).toString();
    const forms: (string | Buffer)[] = [
      '',
      'null',
      '[]',
      '{"files":[]}',
      `${text} `,
      `${text}{}`,
      text.replace('{', '{"files":[],'),
      text.replace(/"size":\d+/, '"size":9007199254740993'),
      text.replace(/"size":\d+/, '"size":-1'),
      text.replace(/"size":(\d+)/, '"size":$1.0'),
      text.replace('docs/CARD.md', '../CARD.md'),
      text.replace('docs/CARD.md', 'z'),
      text.replace(/"sha256":"/, '"sha256":"A'),
      Buffer.concat([Buffer.from(text), Buffer.from([0xff])]),
      Buffer.alloc(20_000_000, ' '),
      '['.repeat(100_000),
    ];
    for (const form of forms) expect(await load(form)).toMatchObject({ ok: false, problems: [{ line: 0 }] });
    expect(await load(text)).toMatchObject({ ok: true });
  });

  it('refuses a manifest that model.yaml does not agree with', async () => {
    const model = await entry('model.yaml', contentOf('model.yaml'));
    const card = await entry('docs/CARD.md', 'a card');
    const onnx = await entry('model.onnx', 'a model');
    const other = await entry('model.onnx', 'another');
    const extra = await entry('x', 'x');
    const lines = async (...files: { path: string; sha256: string; size: number }[]) => {
      const loaded = await load(canonicalJson({ files }));
      return loaded.ok ? [] : loaded.problems.map(problemLine);
    };
    expect(await lines(card, onnx, model)).toEqual([]);
    expect(await lines(card, other, model)).toEqual([expect.stringContaining('expected')]);
    expect(await lines(card, onnx, model, extra)).toEqual([expect.stringContaining('there but not listed: x')]);
    expect(await lines(onnx, model)).toEqual([expect.stringContaining('listed but not there: docs/CARD.md')]);
    expect(await lines(card, onnx)).toEqual([expect.stringContaining('model.yaml is missing')]);
    expect(await lines(card, card, onnx, model)).toEqual([expect.stringContaining('is no manifest')]);
  });

  it('says what is not in the store', async () => {
    expect(await loadPackage(store, sha256('nothing'))).toMatchObject({ ok: false, problems: [{ kind: 'usage' }] });
  });
});
