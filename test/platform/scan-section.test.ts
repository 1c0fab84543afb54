import { generateKeyPairSync } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { relaxedNumbers } from '../../domain/policy.js';
import { parsePolicy } from '../../platform/files/policy-file.js';
import { problemLine } from '../../platform/files/yaml-document.js';

const defaults = { text: readFileSync(join(import.meta.dirname, '../../policies/_defaults.yaml')), fileName: '_defaults.yaml' };
const spki = (pair: { publicKey: ReturnType<typeof generateKeyPairSync>['publicKey'] }) =>
  pair.publicKey.export({ format: 'der', type: 'spki' }).toString('base64');
const parse = (scan: string) => parsePolicy(`model: m\nscan: ${scan}\n`, 'p.yaml', defaults);

function scanOf(scan: string) {
  const parsed = parse(scan);
  if (!parsed.ok) throw new Error(parsed.problems.map(problemLine).join('\n'));
  return parsed.value.scan;
}

describe('scan in a policy', () => {
  it('has defaults that allow ONNX alone', () => {
    expect(scanOf('{}')).toEqual({
      allow: ['onnx'],
      fail_at: 'high',
      domains: [],
      globals: [],
      scanner: 'none',
      signatures: 'optional',
      signing_keys: {},
    });
  });

  it('takes a scanner, its exit codes, and a minute when no time is said', () => {
    expect(scanOf('{scanner: {command: [picklescan, -p], exit: {clean: [0], found: [1]}}}').scanner).toEqual({
      command: ['picklescan', '-p'],
      exit: { clean: [0], found: [1] },
      timeout: 60_000,
    });
  });

  it('takes keys of the kinds that sign models', () => {
    const pairs = [
      generateKeyPairSync('ed25519'),
      ...['P-256', 'P-384', 'P-521'].map((namedCurve) => generateKeyPairSync('ec', { namedCurve })),
    ];
    for (const pair of pairs)
      expect(scanOf(`{signing_keys: {release: ${spki(pair)}}}`).signing_keys).toEqual({ release: spki(pair) });
  });

  it.each([
    ['{allow: [pikle]}', /scan.allow\[0\]: "pikle" is none of/],
    ['{allow: [sealed]}', /"sealed" is none of/],
    ['{fail_at: info}', /"info" is none of/],
    ['{failat: high}', /unknown key; did you mean fail_at\?/],
    ['{scanner: {command: [], exit: {clean: [0], found: [1]}}}', /scan.scanner/],
    ['{scanner: {command: [a], exit: {clean: [0, 1], found: [1]}}}', /scan.scanner/],
    ['{signing_keys: {release: abc}}', /signing_keys.release: must be a public ECDSA/],
    [
      `{signing_keys: {release: ${spki(generateKeyPairSync('rsa', { modulusLength: 2048 }))}}}`,
      /signing_keys.release: must be a public ECDSA/,
    ],
    [`{signing_keys: {release: ${spki(generateKeyPairSync('ec', { namedCurve: 'secp256k1' }))}}}`, /must be a public ECDSA/],
  ])('refuses %s', (scan, expected) => {
    const parsed = parse(scan);
    expect(parsed.ok ? 'taken' : parsed.problems.map(problemLine).join('\n')).toMatch(expected);
  });

  it.each([
    ['critical', ['scan.fail_at']],
    ['high', []],
    ['low', []],
  ])('that fails at %s is relaxed in %j', (failAt, expected) => {
    const [own, guidelines] = [parse(`{fail_at: ${failAt}}`), parse('{}')];
    if (!own.ok || !guidelines.ok) throw new Error('refused');
    expect(relaxedNumbers(own.value, guidelines.value)).toEqual(expected);
  });
});
