import { deflateRawSync, deflateSync, gzipSync } from 'node:zlib';
import { beforeEach, expect, test } from 'vitest';
import type { CheckSubject } from '../../activities/checks/subject.js';
import type { ScanPolicy } from '../../domain/scan.js';
import type { Store } from '../../platform/store.js';
import { deflated, zip, type MadeEntry } from './packed.js';
import { evil } from './pickles.js';
import { scan, withFiles } from './scan-subject.js';
import { exampleSubject, temporaryStore } from './subjects.js';

// Promises §3, A7: generous, so that only what does not end at all is caught on a slow machine.
const BOMB_MS = 20_000;
const BOMB_BYTES = 200_000_000;
const ALLOWED: Partial<ScanPolicy> = { allow: ['onnx', 'zip', 'gzip', 'zlib'] };

let store: Store;
let subject: CheckSubject;

beforeEach(async () => {
  store = await temporaryStore();
  subject = await exampleSubject(store, '1.2.0');
});

const scanned = async (content: Buffer, change = ALLOWED) =>
  scan(store, await withFiles(store, subject, { 'a.bin': content }), change);
const plain = (name: string): MadeEntry => ({ name, content: Buffer.from('text') });

test.each([
  ['zip', zip([plain('a'), deflated('b/c', Buffer.from('text')), { name: 'b/', content: Buffer.alloc(0) }])],
  ['a zip in a zip', zip([{ name: 'inner.zip', content: zip([plain('a')]) }])],
  ['gzip', gzipSync('text')],
  ['zlib', deflateSync('text')],
])('%s of text passes where the policy allows it', async (_, content) => {
  expect(await scanned(content)).toMatchObject({ verdict: 'pass', reason: '' });
  expect(await scanned(content, {})).toMatchObject({ verdict: 'fail', measured: { critical: '0' } });
});

test('a script in an archive is one by its name there, packed or not', async () => {
  const code = Buffer.from('import os\n');
  const pass = await scanned(zip([{ name: 'b/py', content: code }]));
  expect(pass.verdict).toBe('pass');
  for (const [name, content] of [
    ['b/pre.PY', code],
    ['pre.py.gz', gzipSync(code)],
  ] as const)
    expect((await scanned(zip([{ name, content }]))).reason).toMatch(
      /^critical: a.bin \("[\w/.]+".*\) is script, which can run code/i,
    );
});

const wrong: [string, () => Buffer, string | RegExp][] = [
  ['entries that overlap', () => zip([plain('a'), { ...plain('a'), offset: 0 }]), 'its entries overlap'],
  ['another name in the list', () => zip([{ ...plain('a'), listedName: 'b' }]), 'called or packed differently in two places'],
  ['another size in the list', () => zip([{ ...plain('a'), listedSize: 9 }]), 'has two sizes'],
  ['an encrypted entry', () => zip([{ ...plain('a'), flags: 1 }]), '"a" is encrypted'],
  ['an unknown method', () => zip([{ ...plain('a'), method: 14 }]), 'method 14, which is not looked into'],
  [
    'an entry that is damaged',
    () => zip([{ ...plain('a'), method: 8, packed: Buffer.from('ffff', 'hex') }]),
    'packed bytes are broken',
  ],
  [
    'an entry that is cut short',
    () => zip([{ ...deflated('a', Buffer.from('text')), packed: deflateRawSync(Buffer.alloc(99, 'ab')).subarray(0, 4) }]),
    'it is cut short',
  ],
  [
    'a list that is cut off',
    () => zip([plain('a')]).subarray(0, -9),
    'it has no list of its entries|more bytes come after its end',
  ],
  [
    'bytes before the first entry',
    () => Buffer.concat([Buffer.from('504b0304', 'hex'), zip([plain('a')])]),
    'bytes of it belong to no entry',
  ],
  ['bytes after the end', () => Buffer.concat([zip([plain('a')]), Buffer.from('more')]), 'more bytes come after its end'],
  [
    'a damaged entry before a bad one',
    () =>
      zip([
        { ...plain('a'), method: 8, packed: Buffer.from('ff') },
        { name: 'b', content: evil.two('true') },
      ]),
    'could not be scanned',
  ],
  ['a path that leaves it', () => zip([plain('../../a')]), 'has an empty part, . or ..'],
  ['bytes after gzip', () => Buffer.concat([gzipSync('text'), Buffer.from('more')]), 'its packed bytes are broken'],
  ['bytes after zlib', () => Buffer.concat([deflateSync('text'), Buffer.from('more')]), 'more bytes come after its end'],
  ['gzip cut short', () => gzipSync(Buffer.alloc(999, 'ab')).subarray(0, -9), 'it is cut short'],
  [
    'zlib with a wrong sum',
    () => Buffer.concat([deflateSync('text').subarray(0, -4), Buffer.alloc(4)]),
    'its packed bytes are broken',
  ],
  [
    'a program in front',
    () => Buffer.concat([Buffer.from('#!/bin/sh\n'), zip([plain('a')])]),
    'a zip archive that starts as something else',
  ],
];

test.each(wrong)('%s is refused', async (_, content, expected) => {
  const { verdict, reason } = await scanned(content());
  expect([verdict, reason]).toEqual(['fail', expect.stringMatching(expected)]);
});

test('gzip of two members is read to the end of the second', async () => {
  expect((await scanned(Buffer.concat([gzipSync('text'), gzipSync(evil.text('true'))]))).reason).toBe('');
  expect((await scanned(Buffer.concat([gzipSync(''), gzipSync(evil.text('true'))]))).reason).toMatch('imports "posix.system"');
});

const zeros = Buffer.alloc(200_000_000);
const bombs: [string, () => Buffer, RegExp][] = [
  ['gzip', () => gzipSync(zeros), /holds more than 64000000 bytes/],
  ['zlib', () => deflateSync(zeros), /holds more than 64000000 bytes/],
  [
    'zip that says its size',
    () => zip([{ ...deflated('a', zeros), sum: 0 }]),
    /holds 200000000 bytes; at most 64000000 are unpacked/,
  ],
  [
    'zip that says another size',
    () => zip([{ name: 'a', content: Buffer.from('1'), packed: deflateRawSync(zeros), method: 8 }]),
    /holds more than 64000000 bytes/,
  ],
  [
    'zip of many that are each within bounds',
    () => many(deflateRawSync(zeros.subarray(0, 50_000_000)), 50_000_000, 20),
    /at most|more than 256000000 bytes/,
  ],
  ['gzip in gzip', () => gzipSync(gzipSync(zeros)), /holds more than|hold more than/],
  ['archives in archives', () => nested(40), /lies in more than 4 archives/],
  ['a million entries', () => millionEntries(), /holds more than 10000 entries|its list of entries has/],
];

test.each(bombs)('a bomb ends: %s', async (_, content, expected) => {
  const packed = content();
  const before = process.memoryUsage().rss;
  let most = before;
  const sampler = setInterval(() => (most = Math.max(most, process.memoryUsage().rss)), 20);
  const start = performance.now();
  const { verdict, reason } = await scanned(packed);
  clearInterval(sampler);
  expect([verdict, reason]).toEqual(['fail', expect.stringMatching(expected)]);
  expect(performance.now() - start).toBeLessThan(BOMB_MS);
  expect(most - before).toBeLessThan(BOMB_BYTES);
});

function many(packed: Buffer, size: number, count: number): Buffer {
  return zip(
    Array.from({ length: count }, (_, i) => ({ name: `a${i}`, content: zeros.subarray(0, size), packed, method: 8, sum: 0 })),
  );
}

function nested(depth: number): Buffer {
  return depth === 0 ? Buffer.from('text') : zip([{ name: 'inner', content: nested(depth - 1) }]);
}

function millionEntries(): Buffer {
  const entry = zip([{ name: 'a', content: Buffer.alloc(0) }]);
  const list = entry.subarray(31, -22);
  const end = Buffer.from(entry.subarray(-22));
  end.writeUInt32LE(list.length * 1_000_000, 12);
  return Buffer.concat([entry.subarray(0, 31), ...Array.from({ length: 1_000_000 }, () => list), end]);
}
