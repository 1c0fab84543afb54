import { generateKeyPairSync, sign, type KeyObject } from 'node:crypto';
import { beforeEach, describe, expect, test } from 'vitest';
import type { CheckSubject } from '../../activities/checks/subject.js';
import type { ScanPolicy } from '../../domain/scan.js';
import { sha256 } from '../../platform/digest.js';
import type { Store } from '../../platform/store.js';
import recorded from './model-signing-bundle.json' with { type: 'json' };
import { scan, withFiles } from './scan-subject.js';
import { exampleSubject, temporaryStore } from './subjects.js';

const P256 = generateKeyPairSync('ec', { namedCurve: 'P-256' });
const P384 = generateKeyPairSync('ec', { namedCurve: 'P-384' });
const ED25519 = generateKeyPairSync('ed25519');
const TYPE = 'application/vnd.in-toto+json';

let store: Store;
let subject: CheckSubject;

beforeEach(async () => {
  store = await temporaryStore();
  subject = await exampleSubject(store, '1.2.0');
});

const spki = (key: KeyObject) => key.export({ format: 'der', type: 'spki' }).toString('base64');
const keysOf = (pair: { publicKey: KeyObject }): Partial<ScanPolicy> => ({ signing_keys: { release: spki(pair.publicKey) } });
const scanned = async (files: Record<string, Buffer>, change?: Partial<ScanPolicy>) =>
  scan(store, await withFiles(store, subject, files), change);

type Resource = { name: string; algorithm: string; digest: string };
const resources = (): Resource[] =>
  subject.manifest.files
    .filter(({ path }) => path !== 'model.yaml')
    .map(({ path, sha256: digest }) => ({ name: path, algorithm: 'sha256', digest }));

function statementOf(list: Resource[], change: object = {}): object {
  const root = sha256(Buffer.concat(list.map(({ digest }) => Buffer.from(digest, 'hex'))));
  return {
    _type: 'https://in-toto.io/Statement/v1',
    subject: [{ name: 'm', digest: { sha256: root } }],
    predicateType: 'https://model_signing/signature/v1.0',
    predicate: { serialization: { method: 'files', hash_type: 'sha256', ignore_paths: ['model.yaml'] }, resources: list },
    ...change,
  };
}

function bundle(key: KeyObject, statement: object, payloadType = TYPE): Buffer {
  const payload = Buffer.from(JSON.stringify(statement));
  const signed = Buffer.concat([Buffer.from(`DSSEv1 ${payloadType.length} ${payloadType} ${payload.length} `), payload]);
  const hash =
    key.asymmetricKeyType === 'ed25519' ? null : key.asymmetricKeyDetails?.namedCurve === 'secp384r1' ? 'sha384' : 'sha256';
  const signatures = [{ sig: sign(hash, signed, key).toString('base64'), keyid: '' }];
  const dsseEnvelope = { payload: payload.toString('base64'), payloadType, signatures };
  return Buffer.from(JSON.stringify({ mediaType: 'application/vnd.dev.sigstore.bundle.v0.3+json', dsseEnvelope }));
}

describe('a signature of the package', () => {
  test('as the model-signing tool makes it is verified', async () => {
    const texts = { 'a.txt': Buffer.from('a text\n'), 'docs/b.txt': Buffer.from('another\n') };
    const signed = await withFiles(store, subject, { ...texts, 'model.sig': Buffer.from(JSON.stringify(recorded.bundle)) });
    const files = signed.manifest.files.filter(({ path }) => !['model.onnx', 'MODEL_CARD.md'].includes(path));
    const change = { signing_keys: { tool: recorded.public_key }, signatures: 'required' } as const;
    const finding = await scan(store, { ...signed, manifest: { files } }, change);
    expect(finding).toMatchObject({
      verdict: 'pass',
      reason: '',
      measured: { signature: 'model.sig: verified by the key tool' },
    });
    expect((await scan(store, signed, change)).reason).toBe(
      'critical: model.sig (signature) does not sign MODEL_CARD.md; does not sign model.onnx',
    );
  });

  test.each([
    ['P-256', P256],
    ['P-384', P384],
    ['Ed25519', ED25519],
  ])('by a key of %s is verified, under any name', async (_, pair) => {
    for (const path of ['model.sig', 'release.sigstore.json', 'any.json']) {
      const finding = await scanned({ [path]: bundle(pair.privateKey, statementOf(resources())) }, keysOf(pair));
      expect(finding).toMatchObject({ verdict: 'pass', measured: { signature: `${path}: verified by the key release` } });
    }
  });

  const last = (list: Resource[], change: Partial<Resource>) =>
    list.map((one, i) => (i === list.length - 1 ? { ...one, ...change } : one));
  const wrong: [string, () => Buffer, RegExp][] = [
    ['by another key', () => bundle(P384.privateKey, statementOf(resources())), /none of the keys/],
    [
      'over another file',
      () => bundle(P256.privateKey, statementOf(last(resources(), { digest: 'a'.repeat(64) }))),
      /signs model.onnx with another SHA-256/,
    ],
    ['without a file', () => bundle(P256.privateKey, statementOf(resources().slice(1))), /does not sign MODEL_CARD.md/],
    [
      'with a file that is not there',
      () => bundle(P256.privateKey, statementOf([...resources(), { name: 'x', algorithm: 'sha256', digest: 'a'.repeat(64) }])),
      /signs x, which is not there/,
    ],
    ['with a file twice', () => bundle(P256.privateKey, statementOf([...resources(), ...resources()])), /signs a file twice/],
    [
      'with another hash',
      () => bundle(P256.privateKey, statementOf(last(resources(), { algorithm: 'blake3' }))),
      /does not sign a list of files/,
    ],
    [
      'over another list',
      () => bundle(P256.privateKey, statementOf(resources(), { subject: [{ digest: { sha256: 'a'.repeat(64) } }] })),
      /signs another list of files/,
    ],
    [
      'of another kind',
      () => bundle(P256.privateKey, statementOf(resources(), { predicateType: 'https://slsa.dev/provenance/v1' })),
      /does not sign a list of files/,
    ],
    [
      'of another type',
      () => bundle(P256.privateKey, statementOf(resources()), 'text/plain'),
      /does not sign an in-toto statement/,
    ],
    ['changed afterwards', () => changed(bundle(P256.privateKey, statementOf(resources()))), /none of the keys/],
    ['that is none', () => Buffer.from('{}'), /is no signature bundle/],
  ];

  test.each(wrong)('%s is critical', async (_, made, expected) => {
    const { verdict, reason } = await scanned({ 'model.sig': made() }, keysOf(P256));
    expect([verdict, reason]).toEqual(['fail', expect.stringMatching(expected)]);
    expect(reason).toMatch(/^critical: model.sig \(signature\)/);
  });

  test('is critical where the policy names no key, and where it requires one that is not there', async () => {
    expect((await scanned({ 'model.sig': bundle(P256.privateKey, statementOf(resources())) })).reason).toMatch(
      'none of the keys',
    );
    expect((await scanned({}, { signatures: 'required' })).reason).toBe(
      'critical: the package has no signature, and the policy requires one',
    );
  });
});

function changed(made: Buffer): Buffer {
  const value = JSON.parse(made.toString()) as { dsseEnvelope: { payload: string } };
  value.dsseEnvelope.payload = Buffer.from(`${Buffer.from(value.dsseEnvelope.payload, 'base64').toString()} `).toString('base64');
  return Buffer.from(JSON.stringify(value));
}
