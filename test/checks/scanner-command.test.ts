import { spawnSync } from 'node:child_process';
import { chmod, readdir, readFile, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { deflateSync, gzipSync } from 'node:zlib';
import { beforeEach, describe, expect, test } from 'vitest';
import { createSecurityScan } from '../../activities/checks/security-scan.js';
import { createScannerCommand } from '../../activities/checks/scan/scanner-command.js';
import type { CheckSubject } from '../../activities/checks/subject.js';
import type { ScannerCommand } from '../../domain/scan.js';
import type { Store } from '../../platform/store.js';
import { policyWith } from '../support/attempt.js';
import { npy, zip } from './packed.js';
import { estimatorPickle, evil, plainPickle, rawJoblib } from './pickles.js';
import { scan, withFiles } from './scan-subject.js';
import { contextOf, exampleSubject, temporaryStore } from './subjects.js';
import { temporaryDirectory } from './temporary.js';

let store: Store;
let subject: CheckSubject;
let directory: string;
let file: string;

beforeEach(async () => {
  store = await temporaryStore();
  subject = await exampleSubject(store, '1.2.0');
  directory = await temporaryDirectory();
  file = join(directory, 'file');
  await writeFile(file, 'content');
});

const script = (code: string, exit = { clean: [0], found: [1] }, timeout = 60_000): ScannerCommand => ({
  command: [process.execPath, '-e', code, '--'],
  exit,
  timeout,
});
const asked = (command: ScannerCommand, signal?: AbortSignal) => createScannerCommand(command).scan(file, 'pkl', signal);

describe('a scanner command', () => {
  test.each([
    [0, 'clean'],
    [1, 'found'],
    [2, 'not-scanned'],
    [3, 'not-scanned'],
    [255, 'not-scanned'],
  ])('that exits with %i has answered %s', async (code, outcome) => {
    expect(await asked(script(`process.exit(${code})`))).toEqual({ outcome, how: `exited with ${code}` });
  });

  test('has the meaning of its exit codes from the policy', async () => {
    const exit = { clean: [0, 7], found: [1, 2] };
    expect((await asked(script('process.exit(7)', exit))).outcome).toBe('clean');
    expect((await asked(script('process.exit(2)', exit))).outcome).toBe('found');
  });

  test('that is not there throws, since that says nothing of the file', async () => {
    const absent = { ...script(''), command: [join(directory, 'absent')] };
    await expect(asked(absent)).rejects.toThrow(/^the scanner ".*absent" did not scan: it could not be started \(ENOENT\)$/);
    await chmod(file, 0o644);
    await expect(asked({ ...absent, command: [file] })).rejects.toThrow('it could not be started (EACCES)');
  });

  test('that takes too long or is killed throws', async () => {
    await expect(asked(script('setInterval(() => {}, 1e6)', undefined, 1_000))).rejects.toThrow('it took longer than 1s');
    await expect(asked(script("process.kill(process.pid, 'SIGKILL')"))).rejects.toThrow('it was ended by SIGKILL');
  });

  test('sees a copy under a name of the format, and nothing of the worker', async () => {
    const seen = join(directory, 'seen.json');
    const code = `const fs = require('fs'); const path = process.argv.at(-1); fs.writeFileSync('${seen}',
      JSON.stringify({ path, content: fs.readFileSync(path, 'utf8'), env: Object.keys(process.env).sort(), cwd: process.cwd() }));
      fs.chmodSync(path, 0o600); fs.writeFileSync(path, 'changed')`;
    process.env['SCANNER_TEST_SECRET'] = 'secret';
    expect((await asked(script(code))).outcome).toBe('clean');
    delete process.env['SCANNER_TEST_SECRET'];
    const { path, content, env, cwd } = JSON.parse(await readFile(seen, 'utf8')) as Record<string, string>;
    expect([content, env]).toEqual(['content', ['HOME', 'LANG', 'PATH']]);
    expect(path).toBe(join(cwd ?? '', 'artifact.pkl'));
    expect(await readFile(file, 'utf8')).toBe('content');
    expect((await readdir(tmpdir())).map((name) => join(tmpdir(), name))).not.toContain(cwd);
  });

  test('ends when the check is cancelled', async () => {
    const controller = new AbortController();
    const asking = asked(script('setInterval(() => {}, 1e6)'), controller.signal);
    controller.abort(new Error('cancelled'));
    await expect(asking).rejects.toThrow('cancelled');
  });
});

describe('a format that can run code', () => {
  const allow = ['onnx', 'pickle'] as const;
  const scanned = async (scanner: ScannerCommand | 'none', content = plainPickle) =>
    scan(store, await withFiles(store, subject, { 'a.bin': content }), { allow, scanner });

  test('passes where it is allowed and the scanner passed it', async () => {
    const finding = await scanned(script(''));
    expect([finding.verdict, finding.reason]).toEqual(['pass', '']);
    expect(finding.measured['scanner']).toMatch(/^a.bin: clean, ".*" exited with 0$/);
  });

  test.each([
    ['no scanner', 'none', 'could not be scanned: the policy names no scanner'],
    ['a scanner that found something', script('process.exit(1)'), 'has a finding of the scanner'],
    ['a scanner that did not scan', script('process.exit(3)'), 'could not be scanned: .* exited with 3'],
  ] as const)('fails with %s', async (_, scanner, expected) => {
    const { verdict, reason } = await scanned(scanner);
    expect([verdict, reason]).toEqual(['fail', expect.stringMatching(new RegExp(`^critical: a.bin .*${expected}`))]);
  });

  test.each([
    ['is not there', { ...script(''), command: ['/absent/scanner'] }, 'could not be started (ENOENT)'],
    ['is killed', script("process.kill(process.pid, 'SIGKILL')"), 'was ended by SIGKILL'],
    ['takes too long', script('setInterval(() => {}, 1e6)', undefined, 500), 'took longer than'],
  ])('cannot be measured with a scanner that %s', async (_, scanner, expected) => {
    await expect(scanned(scanner)).rejects.toThrow(expected);
  });

  test('that imports what the policy does not name fails although a scanner passed it', async () => {
    const change = { allow, scanner: script('') };
    const files = await withFiles(store, subject, { 'a.bin': estimatorPickle });
    expect((await scan(store, files, change)).reason).toBe(
      'critical: a.bin (at byte 56) imports "sklearn.linear_model._logistic.LogisticRegression" when it is loaded, which the policy does not name; ' +
        'critical: a.bin (at byte 102) imports "numpy.dtype" when it is loaded, which the policy does not name',
    );
    const globals = ['sklearn.linear_model._logistic.LogisticRegression', 'numpy.dtype'];
    expect(await scan(store, files, { ...change, globals })).toMatchObject({ verdict: 'pass', reason: '' });
  });

  test('is not given to the scanner where it is not allowed, nor is ONNX', async () => {
    const ran = join(directory, 'ran');
    const scanner = script(`require('fs').writeFileSync('${ran}', '')`);
    expect((await scan(store, await withFiles(store, subject, { 'a.bin': plainPickle }), { scanner })).verdict).toBe('fail');
    expect((await scan(store, subject, { scanner })).verdict).toBe('pass');
    expect(await readdir(directory)).not.toContain('ran');
  });
});

describe('what is packed', () => {
  const allow = ['onnx', 'pickle', 'script', 'npy', 'zip', 'gzip', 'zlib'] as const;
  /** Notes the names it is given, and finds what is no pickle, array, archive or text as it stands not scannable. */
  const noting = async (content: Buffer) => {
    const log = join(directory, 'names');
    const code = `const fs = require('fs'), path = process.argv.at(-1); fs.appendFileSync('${log}', require('path').basename(path) + ' ');
      process.exit(['80', '93', '50', '70'].includes(fs.readFileSync(path).subarray(0, 1).toString('hex')) ? 0 : 3)`;
    const finding = await scan(store, await withFiles(store, subject, { 'a.bin': content }), { allow, scanner: script(code) });
    return { ...finding, names: (await readFile(log, 'utf8')).trim().split(' ') };
  };

  test.each<[string, Buffer, string[], string[]]>([
    ['in zlib', deflateSync(plainPickle), ['artifact.pkl'], ['a.bin (unpacked zlib)']],
    ['in gzip', gzipSync(plainPickle), ['artifact.pkl'], ['a.bin (unpacked gzip)']],
    ['twice', gzipSync(deflateSync(plainPickle)), ['artifact.pkl'], ['a.bin (unpacked gzip, unpacked zlib)']],
    ['as an array', deflateSync(npy("'|O'", '1,', plainPickle)), ['artifact.npy'], ['a.bin (unpacked zlib)']],
    [
      'in an archive',
      zip([{ name: 'b', content: gzipSync(plainPickle) }]),
      ['artifact.pkl', 'artifact.pt'],
      ['a.bin ("b", unpacked gzip)', 'a.bin'],
    ],
    [
      'as a script',
      zip([{ name: 'b.R', content: Buffer.from('print(1)') }]),
      ['artifact.r', 'artifact.pt'],
      ['a.bin ("b.R")', 'a.bin'],
    ],
  ])('%s is scanned unpacked, never as the packed stream', async (_, content, names, places) => {
    const finding = await noting(content);
    expect([finding.verdict, finding.reason, finding.names]).toEqual(['pass', '', names]);
    const clean = places.map((place) => `${place}: clean, ${JSON.stringify(process.execPath)} exited with 0`);
    expect(finding.measured['scanner']).toBe(clean.join('; '));
  });

  test('and found in is found where it lies', async () => {
    const files = await withFiles(store, subject, { 'a.bin': deflateSync(plainPickle) });
    expect((await scan(store, files, { allow, scanner: script('process.exit(1)') })).reason).toMatch(
      /^critical: a.bin \(unpacked zlib\) has a finding of the scanner/,
    );
    expect((await scan(store, files, { allow })).reason).toMatch(
      /^critical: a.bin \(unpacked zlib\) could not be scanned: the policy names no scanner/,
    );
  });

  test('and cannot be unpacked is no pass although the scanner calls the file clean', async () => {
    const cut = deflateSync(plainPickle).subarray(0, -6);
    const files = await withFiles(store, subject, { 'a.bin': cut });
    expect((await scan(store, files, { allow, scanner: script(''), fail_at: 'critical' })).reason).toMatch(
      'critical: a.bin (at byte',
    );
  });

  test('is not scanned any more after many times', async () => {
    const made = { scan: () => Promise.resolve({ outcome: 'clean' as const, how: 'said so' }) };
    const many = zip(Array.from({ length: 501 }, (_, i) => ({ name: `a${i}`, content: plainPickle })));
    const files = await withFiles(store, subject, { 'a.bin': many });
    const policy = policyWith();
    const context = contextOf(store, files, { policy: { ...policy, scan: { ...policy.scan, allow, scanner: script('') } } });
    const finding = await createSecurityScan(() => made).run(context);
    expect(finding.reason).toMatch('could not be scanned: a scanner is asked at most 500 times for a package');
    expect(finding.measured['scanner']).toMatch('and 480 more answers');
  });
});

// Real scanners, where this machine has them: GATEHOUSE_TEST_SCANNERS is a directory made by
// `pip install --target DIR picklescan==1.0.5 modelscan==0.8.8`.
const scanners = process.env['GATEHOUSE_TEST_SCANNERS'];
const python = (module: string) => ['env', `PYTHONPATH=${scanners}`, 'python3', '-m', module, '-p'];
const installed = (module: string) =>
  scanners !== undefined && spawnSync('env', [`PYTHONPATH=${scanners}`, 'python3', '-c', `import ${module}`]).status === 0;

const SAMPLES: [string, () => Buffer][] = [
  ['bad pickle', () => evil.two('true')],
  ['bad torch', () => zip([{ name: 'archive/data.pkl', content: evil.two('true') }])],
  ['bad joblib', () => deflateSync(evil.four('true'))],
  ['bad npy', () => npy("'|O'", '1,', evil.four('true'))],
  ['bad onnx', () => evil.two('true')],
  ['truncated pickle', () => evil.two('true').subarray(0, -6)],
  ['good pickle', () => plainPickle],
  ['good estimator', () => estimatorPickle],
  ['good joblib', () => rawJoblib],
  ['good pickle, zlib', () => deflateSync(plainPickle)],
];
const globals = ['sklearn.linear_model._logistic.LogisticRegression', 'numpy.dtype'];

test.skipIf(!installed('picklescan'))(
  'picklescan in the shell of docs/checks.md calls nothing clean that it cannot parse',
  async () => {
    const docs = await readFile(new URL('../../docs/checks.md', import.meta.url), 'utf8');
    const line = /- 'picklescan (-p .*)'$/m.exec(docs)?.[1] ?? '';
    const shell = ['env', `PYTHONPATH=${scanners}`, 'sh', '-c', `python3 -m picklescan.cli ${line}`, 'sh'];
    const command = { command: shell, exit: { clean: [0], found: [1] }, timeout: 120_000 };
    const outcomes: string[] = [];
    for (const content of [plainPickle, evil.two('true'), Buffer.from('\x80\x04garbage', 'latin1'), Buffer.from('import os\n')]) {
      await writeFile(file, content);
      outcomes.push((await asked(command)).outcome);
    }
    expect(outcomes).toEqual(['clean', 'found', 'not-scanned', 'not-scanned']);
  },
);

describe.each(['picklescan', 'modelscan'])('with %s (skipped where GATEHOUSE_TEST_SCANNERS does not name it)', (module) => {
  test.skipIf(!installed(module))(
    'only the good pickles pass',
    async () => {
      const command = module === 'picklescan' ? python('picklescan.cli') : python('modelscan.cli');
      const scanner: ScannerCommand = { command, exit: { clean: [0], found: [1] }, timeout: 120_000 };
      const passed: string[] = [];
      for (const [name, content] of SAMPLES) {
        const path = name === 'bad onnx' ? 'model.onnx' : 'a.bin';
        const files = await withFiles(store, subject, { [path]: content() });
        const finding = await scan(store, files, { allow: ['onnx', 'pickle', 'joblib', 'npy', 'zip', 'zlib'], globals, scanner });
        if (finding.verdict === 'pass') passed.push(name);
      }
      expect(passed).toEqual(['good pickle', 'good estimator', 'good pickle, zlib']);
    },
    300_000,
  );
});
