import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { CLIENT_ID, signInAt, startProvider, type TestProvider } from '../support/identity-provider.js';
import { ALICE, ANTON } from '../support/people.js';
import { down, root, up, type Ran, type RunningStack } from '../support/stack.js';

let at: TestProvider;
let stack: RunningStack;
beforeAll(async () => {
  at = await startProvider();
  at.accounts.set('u-1', { name: 'Tilda Turner', email: 'tilda@example.org', email_verified: true, groups: ['devops'] });
  at.accounts.set('u-2', { name: 'Quentin Quick', email: 'quentin@example.org', email_verified: true, groups: ['nobody'] });
  process.env['GATEHOUSE_OIDC_ISSUER'] = at.issuer;
  process.env['GATEHOUSE_OIDC_CLIENT_ID'] = CLIENT_ID;
  process.env['GATEHOUSE_BROWSER'] = 'none';
  stack = await up();
});
afterAll(async () => {
  await down(stack);
});

/** Runs a verb whose logins are by `sub`, as in a browser. */
function gatehouse(sub: string, ...args: string[]): Promise<Ran & { logins: number }> {
  const env = { ...process.env, GATEHOUSE_DATA_DIR: stack.dir };
  const child = spawn(process.execPath, [join(root, 'dist', 'cli.js'), ...args], { env });
  const said = { stdout: '', stderr: '', logins: 0 };
  child.stdout.on('data', (chunk: Buffer) => (said.stdout += chunk.toString()));
  child.stderr.on('data', (chunk: Buffer) => {
    said.stderr += chunk.toString();
    const url = /(https?:\S+)\n/.exec(said.stderr.slice(said.stderr.lastIndexOf('sign in as')))?.[1];
    const known = said.stderr.split('sign in as').length - 1;
    if (url === undefined || known === said.logins) return;
    said.logins = known;
    void signInAt(url, sub);
  });
  return new Promise((done) => child.once('exit', (code) => done({ code: code ?? 1, ...said })));
}

const freeze = (approver: string) => ['freeze', '--reason', 'nothing goes out tonight', '--approver', approver];

describe('a person without a key, at the command line', () => {
  it('signs by a login, twice the first time, and the act counts', async () => {
    const first = await gatehouse('u-1', ...freeze('tilda@example.org'));
    expect(first).toMatchObject({ code: 0, logins: 2 });
    const again = await gatehouse('u-1', ...freeze('tilda@example.org'), '--lift', '--json');
    expect(again).toMatchObject({ code: 0, logins: 1 });
    expect(JSON.parse(again.stdout)).toMatchObject({ ok: true });
    expect(await stack.cli('audit', 'verify')).toMatchObject({ code: 0 });
  });

  it('without the group, or logged in as somebody else, is refused with 4 and one line', async () => {
    const without = await gatehouse('u-2', ...freeze('quentin@example.org'));
    expect(without).toMatchObject({ code: 4, logins: 2 });
    expect(without.stderr.trimEnd().split('\n').at(-1)).toMatch(/^4: right to freeze; given: quentin@example.org is in nobody/);
    const another = await gatehouse('u-2', ...freeze('tilda@example.org'));
    expect(another.code).toBe(4);
    expect(another.stderr.trimEnd().split('\n').at(-1)).toMatch(
      /^4: ID token email; given: quentin@example.org; allowed: tilda@example.org/,
    );
  });

  it('with the name of somebody else is enrolled by two administrators, under their account', async () => {
    const namesake = { name: 'Tilda Turner', email: 'tilda.t@example.org', email_verified: true, groups: ['devops'] };
    at.accounts.set('u-3', namesake);
    const refused = await gatehouse('u-3', ...freeze(namesake.email));
    expect(refused).toMatchObject({ code: 4 });
    expect(refused.stderr.trimEnd().split('\n').at(-1)).toMatch(/one human is one person: printed name/);
    const who = ['--email', namesake.email, '--groups', 'devops'];
    const account = ['--name', namesake.name, '--issuer', at.issuer, '--subject', 'u-3', '--same-name', 'two people of one name'];
    const enrol = (by: string, ...args: string[]) => ['people', 'enrol', ...who, ...args, '--approver', by];
    expect(await stack.cli(...enrol(ALICE, ...account.slice(0, 4)))).toMatchObject({
      code: 2,
      stderr: expect.stringMatching(
        /^2: an account; given: --name, --issuer; allowed: --email, --name, --issuer and --subject/,
      ) as string,
    });
    expect(await stack.cli(...enrol(ALICE, ...account.slice(0, 6)))).toMatchObject({ code: 3 });
    const half = await stack.cli(...enrol(ALICE, ...account));
    expect(half).toMatchObject({ code: 0, stdout: expect.stringContaining(`account u-3 at ${at.issuer}`) as string });
    expect(await stack.json(0, ...enrol(ANTON, ...account))).toMatchObject({ state: 'enrolled', by: [ALICE, ANTON] });
    expect(await gatehouse('u-3', ...freeze(namesake.email))).toMatchObject({ code: 0, logins: 1 });
    expect(await gatehouse('u-3', ...freeze(namesake.email), '--lift')).toMatchObject({ code: 0 });
  });

  it('gets other groups from administrators until the next login', async () => {
    const regroup = (by: string) =>
      ['people', 'enrol', '--email', 'tilda@example.org', '--groups', 'business', '--same-name'].concat([
        'two people of one name',
        '--approver',
        by,
      ]);
    expect(await stack.json(0, ...regroup(ALICE))).toMatchObject({ state: 'waiting' });
    expect(await stack.json(0, ...regroup(ANTON))).toMatchObject({ state: 'changed', groups: 'business' });
    expect(await stack.cli('audit', 'verify')).toMatchObject({ code: 0 });
  });

  it('whose provider does not answer is told so, with 6', async () => {
    await at.close();
    const gone = await gatehouse('u-1', ...freeze('tilda@example.org'));
    expect(gone).toMatchObject({ code: 6, logins: 0, stdout: '' });
    expect(gone.stderr).toMatch(/^6: the identity provider http\S+ does not answer/);
  });
});
