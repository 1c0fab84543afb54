import { execFile } from 'node:child_process';
import { existsSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { registerExample, stage } from '../support/promotion.js';
import { down, root, up, type Ran, type RunningStack } from '../support/stack.js';
import { ALICE, ANTON } from '../support/people.js';

const CARLA = 'carla.cole@example.com';

let stack: RunningStack;
let passphrase: string;
beforeAll(async () => {
  stack = await up();
  passphrase = join(stack.dir, 'passphrase');
  writeFileSync(passphrase, 'four words are plenty\n', { mode: 0o600 });
});
afterAll(() => down(stack));

/** Runs the command line with the passphrase at hand. */
async function withPassphrase<T>(work: () => Promise<T>, file = passphrase): Promise<T> {
  process.env['GATEHOUSE_PASSPHRASE_FILE'] = file;
  try {
    return await work();
  } finally {
    delete process.env['GATEHOUSE_PASSPHRASE_FILE'];
  }
}

/** Runs the smallest client, from its source as its users do. */
function scripted(...args: string[]): Promise<Ran> {
  const env = { ...process.env, GATEHOUSE_DATA_DIR: stack.dir };
  return new Promise((done) => {
    execFile(
      process.execPath,
      ['--import', 'tsx', join(root, 'client', 'approve.ts'), ...args],
      { env, cwd: root },
      (error, stdout, stderr) => done({ code: error ? Number(error.code) : 0, stdout, stderr }),
    );
  });
}

interface Listed {
  readonly people: readonly {
    readonly email: string;
    readonly groups: readonly string[];
    readonly kid: string;
    readonly publicKey: { readonly x: string };
    readonly revokedAt: string | null;
    readonly keys: readonly { readonly kid: string }[];
  }[];
  readonly waiting: readonly { readonly email: string; readonly by: string }[];
}

describe('people, from the command line', { timeout: 120_000 }, () => {
  const request = () => join(stack.connection.keys, `${CARLA}.request`);
  const keyFile = () => join(stack.connection.keys, `${CARLA}.jwk.json`);
  const list = () => stack.json<Listed>(0, 'people', 'list');
  const carla = async () => (await list()).people.find(({ email }) => email === CARLA);
  const freeze = () => ['freeze', '--reason', 'to see what happens', '--approver', CARLA];

  it('a key is made behind a passphrase, and never without one', async () => {
    const made = ['people', 'key', '--email', CARLA, '--name', 'Carla Cole'];
    expect(await stack.cli(...made)).toMatchObject({ code: 2, stderr: expect.stringMatching(/needs a passphrase/) as string });
    expect(existsSync(keyFile())).toBe(false);
    const { key } = await withPassphrase(() => stack.json<{ key: string }>(0, ...made));
    expect(key).toMatch(/^[\w-]{43}$/);
    expect(statSync(keyFile()).mode & 0o777).toBe(0o600);
    expect(await withPassphrase(() => stack.cli(...made))).toMatchObject({ code: 2 });
  });

  it('two administrators enrol her, and each is told where it stands', async () => {
    const enrol = (by: string, groups = 'devops') => ['people', 'enrol', request(), '--groups', groups, '--approver', by];
    expect(await stack.json(0, ...enrol(ALICE))).toMatchObject({ state: 'waiting' });
    expect((await list()).waiting).toMatchObject([{ email: CARLA, by: ALICE }]);
    expect(await stack.cli(...enrol(ALICE))).toMatchObject({ code: 5 });
    const other = await stack.cli(...enrol(ANTON, 'devops,security'));
    expect(other).toMatchObject({ code: 5, stderr: expect.stringMatching(/groups is not what alice\S+ signed for/) as string });
    expect(await stack.json(0, ...enrol(ANTON))).toMatchObject({ state: 'enrolled', by: [ALICE, ANTON] });
    expect(await carla()).toMatchObject({ groups: ['devops'], revokedAt: null });
  });

  it('she signs with her passphrase, and with no other', async () => {
    expect(await stack.cli(...freeze())).toMatchObject({ code: 4, stderr: expect.stringMatching(/none is given/) as string });
    const wrong = join(stack.dir, 'wrong');
    writeFileSync(wrong, 'not the passphrase\n', { mode: 0o600 });
    const refused = await withPassphrase(() => stack.cli(...freeze()), wrong);
    expect(refused).toMatchObject({ code: 4, stderr: expect.stringMatching(/passphrase of key file .* is wrong/) as string });
    expect(await withPassphrase(() => stack.cli(...freeze()))).toMatchObject({ code: 0 });
    expect(await withPassphrase(() => stack.cli(...freeze(), '--lift'))).toMatchObject({ code: 0 });
  });

  it('she approves with the scripted client, whose key file does not say whose it is', async () => {
    await registerExample(stack, 'policy-relaxed.yaml');
    const promotion = await stage(stack, '1.2.0');
    const approve = (...who: string[]) => scripted('--promotion', promotion, '--gate', 'devops', '--key', keyFile(), ...who);
    expect(await approve('--email', CARLA, '--name', 'Carla Cole')).toMatchObject({
      code: 4,
      stderr: expect.stringMatching(/none is given/) as string,
    });
    expect(await withPassphrase(() => approve())).toMatchObject({
      code: 2,
      stderr: expect.stringMatching(/does not say whose it is; next: say --email and --name/) as string,
    });
    expect(await withPassphrase(() => approve('--email', CARLA, '--name', 'Carla Cole'))).toMatchObject({
      code: 0,
      stdout: expect.stringContaining(`accepted: gate devops of ${promotion}`) as string,
    });
  });

  it('she rotates her key, and the old one signs no more', async () => {
    const before = await carla();
    const old = readFileSync(keyFile(), 'utf8');
    const rotated = await withPassphrase(() => stack.json<{ old: string }>(0, 'people', 'rotate', '--approver', CARLA));
    expect(readFileSync(rotated.old, 'utf8')).toBe(old);
    const after = await carla();
    expect(after?.keys.map(({ kid }) => kid)).toEqual([before?.kid, after?.kid]);
    process.env['GATEHOUSE_KEY'] = rotated.old;
    expect(await withPassphrase(() => stack.cli(...freeze()))).toMatchObject({ code: 4 });
    delete process.env['GATEHOUSE_KEY'];
    expect(await withPassphrase(() => stack.cli(...freeze()))).toMatchObject({ code: 0 });
  });

  it('she is revoked, and signs no more; the trail holds', async () => {
    const revoke = ['people', 'revoke', '--email', CARLA, '--reason', 'she has left the company', '--approver', ALICE];
    expect(await stack.json(0, ...revoke)).toMatchObject({ ok: true, state: 'revoked' });
    expect((await carla())?.revokedAt).not.toBeNull();
    expect(await withPassphrase(() => stack.cli(...freeze(), '--lift'))).toMatchObject({ code: 4 });
    expect((await stack.cli('people', 'list')).stdout).toMatch(/carla\.cole@example\.com .*enrolled/);
    expect(await stack.json(0, 'audit', 'verify')).toMatchObject({ ok: true });
    expect((await stack.cli('doctor')).code).toBe(0);
  });

  it('the owner enrols nobody here who is no administrator', async () => {
    const first = ['people', 'enrol', request(), '--groups', 'devops', '--first'];
    expect(await stack.cli(...first)).toMatchObject({ code: 3 });
    expect((await stack.cli('migrate', '--production')).stderr).toMatch(/stays development/);
  });
});
