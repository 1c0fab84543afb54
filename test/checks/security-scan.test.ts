import { gzipSync, deflateSync } from 'node:zlib';
import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeEach, describe, expect, test } from 'vitest';
import type { CheckSubject } from '../../activities/checks/subject.js';
import type { ScanPolicy } from '../../domain/scan.js';
import type { Store } from '../../platform/store.js';
import { deflated, npy, zip } from './packed.js';
import { estimatorPickle, evil, plainPickle, rawJoblib } from './pickles.js';
import { scan, withFiles } from './scan-subject.js';
import { damage, exampleSubject, temporaryStore } from './subjects.js';
import { temporaryDirectory } from './temporary.js';

let store: Store;
let subject: CheckSubject;
let marker: string;
let touch: string;

beforeEach(async () => {
  store = await temporaryStore();
  subject = await exampleSubject(store, '1.2.0');
  marker = join(await temporaryDirectory(), 'touched');
  touch = `touch ${marker}`;
});

const scanned = async (files: Record<string, Buffer>, change?: Partial<ScanPolicy>) =>
  scan(store, await withFiles(store, subject, files), change);
const NOT_ALLOWED = 'which can run code when it is loaded, and the policy does not allow it';

test.each(['1.1.0', '1.2.0', '1.3.0', '1.4.0', '1.5.0'])('the example %s passes under the default policy', async (version) => {
  const finding = await scan(store, await exampleSubject(store, version));
  expect(finding).toMatchObject({
    check: 'security-scan',
    verdict: 'pass',
    reason: '',
    measured: { files: '3', signature: 'none' },
  });
  expect(finding.measured).toMatchObject({
    critical: '0',
    high: '0',
    medium: '0',
    low: '0',
    below_limit: 'none',
    scanner: 'not needed',
  });
  expect(finding.measured['formats']).toMatch(
    /^MODEL_CARD.md: text; model.onnx: onnx \(ir \d+, opsets .*ai.onnx.ml 1.*\); model.yaml: text$/,
  );
});

describe('what can run code is refused whatever it is called, and never run', () => {
  const rows: [string, () => Buffer, RegExp][] = [
    ['a pickle', () => evil.two(touch), /is pickle, which can run code/],
    [
      'a PyTorch archive',
      () => zip([{ name: 'archive/data.pkl', content: evil.two(touch) }]),
      /\("archive\/data.pkl"\) is pickle, which/,
    ],
    ['a joblib file, zlib', () => deflateSync(evil.four(touch)), /\(unpacked zlib\) is pickle, which/],
    ['a numpy array of objects', () => npy("'|O'", '1,', evil.four(touch)), /is pickle, which/],
    [
      'a truncated pickle',
      () => evil.two(touch).subarray(0, -6),
      /could not be scanned: it ends in the middle of a value|is pickle, which/,
    ],
    ['a scikit-learn pickle', () => estimatorPickle, /imports "sklearn.linear_model._logistic.LogisticRegression"/],
    ['a plain pickle', () => plainPickle, /is pickle, which/],
    ['a joblib file with raw arrays', () => rawJoblib, /is joblib, which .*could not be scanned: 0xff is no pickle opcode/s],
    ['a pickle that is all text', () => evil.text(touch), /is pickle, which .*imports "posix.system"/s],
    ['a pickle without a mark of its own', () => evil.unmarked(touch), /imports "posix.system"/],
    ['a pickle with the instance opcode', () => evil.instance(touch), /imports "posix.system"/],
    ['a pickle that breaks off after the call', () => evil.breaksOff(touch), /imports "posix.system"/],
    ['a pickle with a name in escapes', () => evil.escaped(touch), /imports "posix.system"/],
    ['a pickle with an odd memo', () => evil.oddMemo(touch), /imports "posix.system"/],
    ['a second pickle after a plain one', () => Buffer.concat([plainPickle, evil.two(touch)]), /imports "posix.system"/],
    ['a pickle with bytes after it', () => Buffer.concat([plainPickle, Buffer.from('more')]), /4 bytes come after the end/],
    [
      'a pickle in gzip in zip',
      () => zip([deflated('a', gzipSync(evil.four(touch)))]),
      /\("a", unpacked gzip\) is pickle, which/,
    ],
    ['an HDF5 file', () => Buffer.concat([Buffer.alloc(512), Buffer.from('894844460d0a1a0a00', 'hex')]), /is hdf5, which/],
    ['a SavedModel', () => Buffer.from('0801120612040a020a00', 'hex'), /is savedmodel, which/],
    ['a script', () => Buffer.from(`#!/bin/sh\n${touch}\n`), /is script, which/],
    ['a program', () => Buffer.concat([Buffer.from('7f454c46', 'hex'), Buffer.alloc(64)]), /is executable, which/],
    ['a library of macOS', () => Buffer.concat([Buffer.from('cffaedfe', 'hex'), Buffer.alloc(64)]), /is executable, which/],
    ['a program of Windows', () => windowsProgram(), /is executable, which/],
  ];

  test.each(rows)('%s', async (_, content, expected) => {
    for (const path of ['model.onnx', 'notes.md', 'more.bin', 'more.pkl']) {
      const { verdict, reason } = await scanned({ [path]: content() });
      expect([verdict, reason]).toEqual(['fail', expect.stringMatching(expected)]);
      expect(reason).toMatch(`critical: ${path}`);
    }
    expect(existsSync(marker)).toBe(false);
  });

  test('at every severity that may decide', async () => {
    for (const fail_at of ['critical', 'high', 'medium', 'low'] as const)
      expect(await scanned({ 'a.bin': evil.two(touch) }, { fail_at })).toMatchObject({ verdict: 'fail' });
  });

  const hasPython = spawnSync('python3', ['-c', '0']).status === 0;
  test.skipIf(!hasPython).each(['text', 'unmarked', 'two', 'four', 'instance', 'breaksOff', 'escaped', 'oddMemo'] as const)(
    'these pickles are live: Python runs the one called %s',
    (kind) => {
      const path = `${marker}.pkl`;
      writeFileSync(path, evil[kind](touch));
      spawnSync('python3', ['-c', 'import pickle, sys; pickle.load(open(sys.argv[1], "rb"))', path]);
      expect(existsSync(marker)).toBe(true);
    },
  );

  test.skipIf(!hasPython)('what Python itself pickles is read to its end', async () => {
    const code = `
import pickle, sys, collections, datetime, decimal, fractions
value = {'a': [1, 2.5, None, True, 2**70, -1, b'x' * 300, 'y' * 70000, bytearray(b'z')], 'b': {1, 2}, 'c': frozenset([3]),
  'd': collections.OrderedDict(x=1), 'e': datetime.datetime(2026, 1, 1), 'f': decimal.Decimal('1.5'), 'g': (1, (2, 3), (4, 5, 6, 7)), 'h': 1j}
value['self'] = value
sys.stdout.buffer.write(pickle.dumps(value, int(sys.argv[1])))`;
    for (const protocol of [0, 1, 2, 3, 4, 5]) {
      const { reason } = await scanned({ 'a.bin': execFileSync('python3', ['-c', code, String(protocol)]) });
      expect(reason, `protocol ${protocol}`).toMatch(/imports "decimal.Decimal"/);
      expect(reason, `protocol ${protocol}`).not.toMatch('could not be scanned');
    }
  });
});

describe('what cannot be read to its end is refused', () => {
  test.each([
    ['unknown bytes', Buffer.from('00010203deadbeef', 'hex'), 'its format is not recognised'],
    ['a wrong npy', npy("'<f4'", '2, 3', Buffer.alloc(20)), 'it declares 24 bytes and has 20'],
    ['a packing nobody looks into', Buffer.from('fd377a585a000004', 'hex'), 'packed in a way that is not looked into'],
    ['UTF-16', Buffer.from('hello', 'utf16le'), 'its format is not recognised'],
  ])('%s', async (_, content, expected) => {
    const { verdict, reason } = await scanned({ 'a.bin': content }, { fail_at: 'critical' });
    expect([verdict, reason]).toEqual(['fail', expect.stringMatching(`critical: a.bin .*could not be scanned: .*${expected}`)]);
  });

  test('one changed byte in the store', async () => {
    await damage(store, subject, 'model.onnx');
    expect(await scan(store, subject)).toMatchObject({
      verdict: 'fail',
      reason: 'critical: model.onnx could not be scanned: it is not in the store as the manifest has it',
    });
  });

  test('text that some reader runs', async () => {
    const yaml = Buffer.from('a: !!python/object/apply:os.system ["true"]\n');
    const keras = Buffer.from('{"class_name": "Lambda", "config": {}}');
    const { reason } = await scanned({ 'a.yaml': yaml, 'b.json': keras });
    expect(reason).toMatch('high: a.yaml has a YAML tag that makes Python objects');
    expect(reason).toMatch('high: b.json has a Keras Lambda layer');
  });
});

test(`a format that is not allowed says so in full`, async () => {
  expect((await scanned({ 'a.sh': Buffer.from('#!/bin/sh\n') })).reason).toBe(`critical: a.sh is script, ${NOT_ALLOWED}`);
});

describe('text that is called code is a script', () => {
  const code = Buffer.from('import os\nos.system("id")\n');

  test.each(['pre.py', 'a/run.sh', 'b.R', 'c.jl', 'd.mjs', 'e.BAT', 'f.ps1', 'g.ipynb', 'h.py.', 'i.pl'])('%s', async (path) => {
    expect((await scanned({ [path]: code })).reason).toBe(`critical: ${path} is script, ${NOT_ALLOWED}`);
    expect(await scanned({ [path]: code }, { allow: ['onnx', 'script'] })).toMatchObject({
      verdict: 'fail',
      reason: `critical: ${path} could not be scanned: the policy names no scanner for files that can run code`,
    });
  });

  test.each(['notes.txt', 'py', 'data.csv', 'pre.py.md'])('%s is not', async (path) => {
    expect(await scanned({ [path]: code })).toMatchObject({ verdict: 'pass', reason: '' });
  });

  test('under any name where model.yaml says so', async () => {
    const { digest } = await store.putBytes(code);
    const artifacts = [...subject.modelFile.artifacts, { path: 'pre.txt', role: 'code', sha256: digest }];
    const declared = { ...subject, modelFile: { ...subject.modelFile, artifacts } };
    expect((await scan(store, await withFiles(store, declared, { 'pre.txt': code }))).reason).toBe(
      `critical: pre.txt is script, ${NOT_ALLOWED}`,
    );
  });

  test('and no model, allowed or not', async () => {
    const artifacts = subject.modelFile.artifacts.map((one) => (one.role === 'model' ? { ...one, path: 'model.py' } : one));
    const declared = { ...subject, modelFile: { ...subject.modelFile, artifacts } };
    for (const content of [code, gzipSync(code)]) {
      const files = await withFiles(store, declared, { 'model.py': content });
      expect((await scan(store, files, { allow: ['onnx', 'gzip', 'script'] })).reason).toMatch(
        'high: model.py is a script, and model.yaml calls it the model',
      );
    }
  });

  test('and nothing else: what is no text is what it is', async () => {
    expect((await scanned({ 'a.py': evil.two(touch) })).reason).toMatch('critical: a.py is pickle');
    expect((await scanned({ 'a.py': Buffer.from([0, 1, 2, 3]) })).reason).toMatch('its format is not recognised');
  });
});

function windowsProgram(): Buffer {
  const start = Buffer.alloc(128);
  start.write('MZ');
  start.writeUInt32LE(64, 0x3c);
  start.write('PE\0\0', 64);
  return start;
}
