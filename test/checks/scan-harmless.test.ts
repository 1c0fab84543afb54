import { beforeEach, describe, expect, test } from 'vitest';
import type { CheckSubject } from '../../activities/checks/subject.js';
import type { ScanPolicy } from '../../domain/scan.js';
import type { Store } from '../../platform/store.js';
import { deflated, npy, zip } from './packed.js';
import { scan, withFiles } from './scan-subject.js';
import { exampleSubject, temporaryStore } from './subjects.js';

let store: Store;
let subject: CheckSubject;

beforeEach(async () => {
  store = await temporaryStore();
  subject = await exampleSubject(store, '1.2.0');
});

const scanned = async (files: Record<string, Buffer>, change?: Partial<ScanPolicy>) =>
  scan(store, await withFiles(store, subject, files), change);

describe('what is harmless', () => {
  test.each([
    ['a table', 'city,country\nBonn,Germany\n'],
    ['a column', 'count\nvalue\ntotal\n'],
    ['a list', '(a) one\n(b) two.\n'],
    ['a sentence', 'It is in\nthe text.\n'],
    ['JSON', '{"a": [1, 2]}'],
    ['nothing', ''],
    ['more letters', 'caffè — naïve 漢字\n'],
  ])('%s is text', async (_, text) => {
    const finding = await scanned({ 'notes.txt': Buffer.from(text) });
    expect([finding.verdict, finding.reason]).toEqual(['pass', '']);
    expect(finding.measured['formats']).toMatch('notes.txt: text');
  });

  test('data of a format that the policy does not allow is high, and passes when it does', async () => {
    const array = npy("'<f4'", '2, 3', Buffer.alloc(24));
    const header = Buffer.from('{"w":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}}');
    const size = Buffer.alloc(8);
    size.writeBigUInt64LE(BigInt(header.length));
    const files = {
      'a.npy': array,
      'b.st': Buffer.concat([size, header, Buffer.alloc(8)]),
      'c.npz': zip([deflated('x.npy', array)]),
    };
    expect((await scanned(files)).reason.split('; ')).toEqual([
      'high: a.npy is npy, which the policy does not allow',
      'high: b.st is safetensors, which the policy does not allow',
      'high: c.npz is zip, which the policy does not allow',
      'high: c.npz ("x.npy") is npy, which the policy does not allow',
    ]);
    expect(await scanned(files, { allow: ['onnx', 'npy', 'safetensors', 'zip'] })).toMatchObject({ verdict: 'pass' });
    expect(await scanned(files, { fail_at: 'critical' })).toMatchObject({ verdict: 'pass', measured: { high: '4' } });
  });

  test('a text is no model', async () => {
    expect((await scanned({ 'model.onnx': Buffer.from('weights: none\n') })).reason).toMatch('high: model.onnx is text');
  });
});
