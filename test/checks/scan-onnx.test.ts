import { readFile } from 'node:fs/promises';
import { beforeEach, describe, expect, test } from 'vitest';
import type { CheckSubject } from '../../activities/checks/subject.js';
import type { ScanPolicy } from '../../domain/scan.js';
import type { Store } from '../../platform/store.js';
import { zip } from './packed.js';
import { evil } from './pickles.js';
import { scan, withFiles } from './scan-subject.js';
import { exampleSubject, temporaryStore } from './subjects.js';
import { message, number, text, twoColumns, writeModel } from './tiny-onnx.js';

let store: Store;
let subject: CheckSubject;

beforeEach(async () => {
  store = await temporaryStore();
  subject = await exampleSubject(store, '1.2.0');
});

const scanned = async (files: Record<string, Buffer>, change?: Partial<ScanPolicy>) =>
  scan(store, await withFiles(store, subject, files), change);
const example = async () =>
  readFile(store.pathOf(subject.manifest.files.find(({ path }) => path === 'model.onnx')?.sha256 ?? ''));
const weightsIn = async (location: string) => readFile(await writeModel({ ...twoColumns(), weightsIn: location }));
/** The example with more in it: protobuf messages one after the other are one. */
const grown = async (...more: Buffer[]) => Buffer.concat([await example(), ...more]);
const graph = (...fields: Buffer[]) => message(7, Buffer.concat(fields));
const node = (domain: string, operator = 'Run') => graph(message(1, Buffer.concat([text(4, operator), text(7, domain)])));
const opset = (domain: string) => message(8, Buffer.concat([text(1, domain), number(2, 1)]));
const tensor = (...fields: Buffer[]) => graph(message(5, Buffer.concat([...fields, text(8, 'W')])));

describe('weights outside the model', () => {
  test('are refused inside the package as well, by name', async () => {
    const model = await weightsIn('weights.bin');
    const finding = await scanned({ 'model.onnx': model, 'weights.bin': Buffer.from('000080ff', 'hex') });
    expect(finding.verdict).toBe('fail');
    expect(finding.reason).toMatch(
      /^high: model.onnx \(tensor "W" at byte \d+\) keeps weights in another file, "weights.bin"; put them into the model$/,
    );
    expect(finding.measured['formats']).toMatch('weights.bin: weights of an onnx model');
  });

  test('are found beside a model in a directory', async () => {
    const model = await weightsIn('weights.bin');
    expect((await scanned({ 'nets/a.onnx': model, 'nets/weights.bin': Buffer.from('000080ff', 'hex') })).reason).toMatch(
      'keeps weights in another file, "nets/weights.bin"',
    );
    expect((await scanned({ 'nets/a.onnx': model, 'weights.bin': Buffer.from('000080ff', 'hex') })).reason).toMatch(
      'external data "nets/weights.bin" is not a file of the package',
    );
  });

  test.each([
    ['../../etc/passwd', 'has an empty part, . or ..'],
    ['a/../../b', 'has an empty part, . or ..'],
    ['/etc/passwd', 'is absolute'],
    ['C:\\weights', 'holds a backslash'],
    ['*/_ORT_MEM_ADDR_/*', 'is not a file of the package'],
    ['', 'is empty'],
    ['elsewhere.bin', 'is not a file of the package'],
  ])('at %s are refused', async (location, expected) => {
    const { verdict, reason } = await scanned({ 'model.onnx': await weightsIn(location) }, { fail_at: 'critical' });
    expect([verdict, reason]).toEqual([
      'fail',
      expect.stringMatching(/^critical: model.onnx \(tensor "W" at byte \d+\) external data/),
    ]);
    expect(reason).toMatch(expected);
  });

  test('that are shorter than they are said to be are refused', async () => {
    const files = { 'model.onnx': await weightsIn('weights.bin'), 'weights.bin': Buffer.alloc(3) };
    expect((await scanned(files)).reason).toMatch('external data lies outside the 3 bytes of "weights.bin"');
  });

  test('that are a pickle are a pickle', async () => {
    const files = { 'model.onnx': await weightsIn('weights.bin'), 'weights.bin': evil.two('true') };
    expect((await scanned(files)).reason).toMatch('critical: weights.bin is pickle');
  });
});

describe('operators', () => {
  test('of other domains are high, and in order when the policy names the domain', async () => {
    const files = { 'model.onnx': await grown(opset('com.example'), node('com.example'), node('com.example')) };
    const { verdict, reason } = await scanned(files);
    expect(verdict).toBe('fail');
    expect(reason).toMatch(
      /^high: model.onnx \(at byte \d+\) operator "Run" \(2 times\) is of the domain "com.example", which is not a standard one$/,
    );
    expect(await scanned(files, { domains: ['com.example'] })).toMatchObject({ verdict: 'pass', reason: '' });
    expect(await scanned(files, { fail_at: 'critical' })).toMatchObject({ verdict: 'pass', measured: { high: '1' } });
  });

  test('are found in the body of a loop, in functions and in training graphs', async () => {
    const inner = message(6, message(1, Buffer.concat([text(4, 'Run'), text(7, 'evil')])));
    const loop = graph(message(1, Buffer.concat([text(4, 'Loop'), message(5, inner)])));
    const inFunction = message(25, Buffer.concat([text(1, 'F'), message(7, Buffer.concat([text(4, 'Run'), text(7, 'evil')]))]));
    const inTraining = message(20, message(1, message(1, Buffer.concat([text(4, 'Run'), text(7, 'evil')]))));
    for (const part of [loop, inFunction, inTraining])
      expect((await scanned({ 'model.onnx': await grown(part) })).reason).toMatch('operator "Run" is of the domain "evil"');
  });

  test('that the model itself defines are in order', async () => {
    const own = message(25, Buffer.concat([text(1, 'Run'), text(10, 'my.own')]));
    expect(await scanned({ 'model.onnx': await grown(opset('my.own'), node('my.own'), own) })).toMatchObject({ verdict: 'pass' });
    expect((await scanned({ 'model.onnx': await grown(node('my.own', 'Other'), own) })).reason).toMatch('operator "Other"');
  });

  test('of a domain that is only imported are high as well', async () => {
    expect((await scanned({ 'model.onnx': await grown(opset('com.example')) })).reason).toMatch(
      'high: model.onnx (opset imports) the domain "com.example" is not a standard one',
    );
  });

  test('in a name that a terminal would obey are shown escaped', async () => {
    const { reason } = await scanned({ 'model.onnx': await grown(node('\u202e\u001b[2J')) });
    expect(reason).not.toMatch(/\p{Cc}|\u202e/u);
  });
});

describe('sizes', () => {
  const float = number(2, 1);
  test.each([
    [
      'more than the bytes there are',
      [float, number(1, 1e12), message(9, Buffer.alloc(8))],
      'declares 4000000000000 bytes and has 8',
    ],
    ['fewer than the bytes there are', [float, number(1, 1), message(9, Buffer.alloc(8))], 'declares 4 bytes and has 8'],
    ['numbers that are not there', [float, number(1, 1e9)], /declares 1000000000 elements in \d+ bytes/],
    ['a size beyond counting', [float, number(1, 2 ** 40), number(1, 2 ** 40)], 'below 0 or beyond counting'],
    ['a size below 0', [float, Buffer.from('08ffffffffffffffffff01', 'hex')], 'below 0 or beyond counting'],
    ['packed sizes', [float, message(1, Buffer.from([100, 100])), message(9, Buffer.alloc(8))], 'declares 40000 bytes and has 8'],
    ['external data from nowhere', [float, number(14, 1)], 'says that its data is external, and not where'],
    ['an unknown type', [number(2, 99)], 'elements of the unknown type 99'],
  ])('of a tensor: %s', async (_, fields, expected) => {
    expect((await scanned({ 'model.onnx': await grown(tensor(...fields)) })).reason).toMatch(expected);
  });

  test('of a sparse tensor that fills the memory', async () => {
    const values = message(1, Buffer.concat([float, number(1, 1), message(9, Buffer.alloc(4))]));
    const sparse = graph(message(15, Buffer.concat([values, number(3, 1e6), number(3, 1e6)])));
    expect((await scanned({ 'model.onnx': await grown(sparse) })).reason).toMatch(
      'takes 4000000000000 bytes when it is filled in',
    );
  });
});

describe('a broken model', () => {
  test('that is cut short anywhere is no pass', async () => {
    const whole = await example();
    for (let size = 1; size < whole.length; size += 97) {
      const { verdict, reason } = await scanned({ 'model.onnx': whole.subarray(0, size) });
      expect([size, verdict]).toEqual([size, 'fail']);
      expect(reason).toMatch('could not be scanned');
    }
  });

  test('that is nested too deep is no pass', async () => {
    let body = graph();
    for (let depth = 0; depth < 5_000; depth += 1) body = message(6, message(1, message(5, body)));
    expect((await scanned({ 'model.onnx': await grown(graph(message(1, message(5, body)))) })).reason).toMatch('nested too deep');
  });

  test('with fields that the format does not have says so', async () => {
    const finding = await scanned({ 'model.onnx': await grown(message(200, Buffer.from('hidden'))) });
    expect(finding).toMatchObject({ verdict: 'pass', measured: { medium: '1' } });
    expect(finding.measured['below_limit']).toMatch(
      /^medium: model.onnx \(at byte \d+\) model field 200 is not in the ONNX format$/,
    );
  });

  test('that is a zip archive as well is refused', async () => {
    const archive = zip([{ name: 'data.pkl', content: evil.two('true') }]);
    const both = await grown(message(6, archive));
    expect((await scanned({ 'model.onnx': both })).reason).toMatch('is a zip archive that starts as something else');
  });
});
