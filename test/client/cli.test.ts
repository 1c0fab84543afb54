import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { entry } from '../../platform/entry.js';
import { EXAMPLE, type Ran } from '../support/stack.js';

let dir: string;
beforeAll(() => {
  dir = mkdtempSync(join(tmpdir(), 'gatehouse-cli-'));
});
afterAll(() => rmSync(dir, { recursive: true, force: true }));

/** Runs the command line from its sources, where no stack runs. */
function gatehouse(...words: string[]): Promise<Ran> {
  const { command, args } = entry('cli');
  const env = { PATH: process.env['PATH'], GATEHOUSE_DATA_DIR: join(dir, 'none') };
  return new Promise((done) => {
    execFile(command, [...args, ...words], { env, cwd: dir }, (error, stdout, stderr) => {
      done({ code: error ? (error.code as unknown as number) : 0, stdout, stderr });
    });
  });
}

/** The one line that stderr holds. */
function line({ stderr }: Ran): string {
  const lines = stderr.trimEnd().split('\n');
  expect(lines).toHaveLength(1);
  return lines[0] ?? '';
}

const promote = (...more: string[]) => [
  'promote',
  '--from-stage',
  'registered',
  '--to-stage',
  'staging',
  '--approver',
  'a@b',
  ...more,
];

describe('the command line, with nothing running', () => {
  it('lists the finished verbs, each with one line', async () => {
    const { code, stdout } = await gatehouse('--help');
    expect(code).toBe(0);
    for (const name of [
      'up',
      'demo',
      'register',
      'promote',
      'check',
      'approve',
      'reject',
      'retract',
      'status',
      'history',
      'audit',
      'worker',
    ]) {
      expect(stdout).toMatch(new RegExp(`^  ${name} +\\w`, 'm'));
    }
  });

  it.each([['promote'], ['approve'], ['clock', 'advance'], ['policy', 'check']])(
    'shows an example of %s %s',
    async (...words) => {
      const { code, stdout } = await gatehouse(...words, '--help');
      expect(code).toBe(0);
      expect(stdout).toMatch(/Example:\n +gatehouse /);
    },
  );

  it('names the nearest verb', async () => {
    const ran = await gatehouse('promot', '--json');
    expect(ran.code).toBe(2);
    expect(line(ran)).toMatch(/^2: no such verb; given: "promot"; .*did you mean promote\?/);
    expect(JSON.parse(ran.stdout)).toMatchObject({ error: { code: 2, what: 'no such verb' } });
  });

  it.each([
    ['an unknown flag', promote('--model-name', 'm', '--version', '1.0.0', '--force'), /unknown option '--force'/],
    ['a missing flag', promote('--model-name', 'm'), /required option '--version <V>' not specified/],
    [
      'two values for one flag',
      promote('--model-name', 'm', '--version', '1.0.0', '--version', '1.0.1'),
      /--version is given twice.*"1.0.0" and "1.0.1"/,
    ],
    ['a family without its verb', ['policy'], /policy needs to be told what to do/],
    [
      'a version that is not semver',
      promote('--model-name', 'm', '--version', 'v1.2'),
      /--version; given: "v1.2".*did you mean 1.2.0\?/,
    ],
    [
      'a name with control characters',
      promote('--model-name', 'm\u001b[31m\u202e', '--version', '1.0.0'),
      /given: "m\\u001b\[31m\\u202e".*\[a-z0-9_-\]\{1,64\}/,
    ],
    ['a duration without a unit', ['clock', 'advance', '7'], /given: "7".*did you mean 7d\?/],
    ['nothing to talk to', promote('--model-name', 'm', '--version', '1.0.0'), /no stack runs in .*gatehouse up/],
  ])('refuses %s with code 2 and one line', async (_, words, expected) => {
    const ran = await gatehouse(...words);
    expect(ran.code).toBe(2);
    expect(ran.stdout).toBe('');
    expect(line(ran)).toMatch(/^2: /);
    expect(line(ran)).toMatch(expected);
  });

  it('checks a policy against the shipped defaults, and says in which numbers it is relaxed', async () => {
    const strict = await gatehouse('policy', 'check', join(EXAMPLE, 'policy.yaml'), '--json');
    expect(JSON.parse(strict.stdout)).toMatchObject({ ok: true, relaxed: [], defaults: '_defaults.yaml' });
    const relaxed = await gatehouse('policy', 'check', join(EXAMPLE, 'policy-relaxed.yaml'), '--json');
    expect([strict.code, relaxed.code]).toEqual([0, 0]);
    expect(JSON.parse(relaxed.stdout)).toMatchObject({ ok: true, relaxed: ['soak.min'] });
  });

  it('points at every problem of a policy', async () => {
    const file = join(dir, 'bad.yaml');
    writeFileSync(file, 'model: m\nthresholds: { acuracy: { min: 85 } }\nsoak: { min: 1 fortnight }\n');
    const ran = await gatehouse('policy', 'check', file);
    expect(ran.code).toBe(2);
    expect(ran.stdout.trim().split('\n').length).toBeGreaterThan(1);
    expect(ran.stdout).toMatch(/bad\.yaml:2:\d+: thresholds\.acuracy: unknown key; did you mean accuracy\?/);
    expect(line(ran)).toMatch(/^2: bad\.yaml:2:.*and \d more/);
  });
});
