import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { TrailReport } from '../../platform/read/audit-verify.js';
import { request } from '../read/life.js';
import { intrude, type Intruder } from '../read/intruder.js';
import { keptText, opened } from '../support/checkpoint.js';
import { read } from '../support/reading.js';
import { MODEL, type Ran } from '../support/stack.js';
import { AT, first, makeWorld, type World } from '../support/world.js';

let world: World;
let intruder: Intruder;
let dir: string;
let kept: string;
beforeAll(async () => {
  dir = mkdtempSync(join(tmpdir(), 'gatehouse-audit-'));
  world = await makeWorld();
  const mlops = await first(world.db, 'mlops');
  await world.register('1.1.0', mlops);
  await world.register('1.2.0', mlops);
  await request(world, '1.2.0', mlops);
  kept = file('checkpoint.json', await keptText(world, `alice.admin${AT}`));
  intruder = await intrude(world);
}, 240_000);
afterAll(async () => {
  await intruder?.client.end();
  await world?.close();
  rmSync(dir, { recursive: true, force: true });
});

function file(name: string, text: string): string {
  writeFileSync(join(dir, name), text);
  return join(dir, name);
}

const audit = (...words: string[]): Promise<Ran> =>
  read(world.db.readUrl, ['audit', ...words], { GATEHOUSE_STORE: world.deps.store.dir });
const exported = (...more: string[]) => audit('export', '--model-name', MODEL, '--version', '1.2.0', ...more);

/** Expects one line on stderr, and with `--json` the same refusal in the one document. */
async function refused(words: string[], code: number, why: RegExp): Promise<void> {
  const [plain, json] = await Promise.all([audit(...words), audit(...words, '--json')]);
  expect(plain).toMatchObject({ code, stderr: expect.stringMatching(why) as string });
  expect(plain.stderr.trimEnd().split('\n')).toHaveLength(1);
  expect(JSON.parse(json.stdout)).toMatchObject({ error: { code } });
}

describe('audit verify --checkpoint', () => {
  it('says whose trail it is, and up to where', async () => {
    const [plain, json] = await Promise.all([
      audit('verify', '--checkpoint', kept),
      audit('verify', '--checkpoint', kept, '--json'),
    ]);
    expect(plain).toMatchObject({ code: 0, stderr: '' });
    expect(plain.stdout).toMatch(/Up to event \d+ it is the trail that alice\.admin\S+ signed for at .* \(key \S{43}\)/);
    const report = JSON.parse(json.stdout) as TrailReport;
    expect(report).toMatchObject({ ok: true, firstBroken: null, checkpoint: { key: 'enrolled', recordedAs: report.events } });
  });

  it('refuses with 2 what is no checkpoint, and with 4 one that was changed or is of elsewhere', async () => {
    await refused(['verify', '--checkpoint', join(dir, 'nowhere.json')], 2, /^2: .*nowhere\.json/);
    await refused(['verify', '--checkpoint', dir], 2, /^2: /);
    for (const text of ['', 'null', '[]', '{"form":"gatehouse-checkpoint-file/v1"}'])
      await refused(['verify', '--checkpoint', file('none.json', text)], 2, /^2: none\.json: the file is no checkpoint/);
    const [signed] = readFileSync(kept, 'utf8').match(/[\w-]{86}(?=")/) ?? [];
    const other = readFileSync(kept, 'utf8').replace(signed ?? '', `${'A'.repeat(84)}AA`);
    await refused(
      ['verify', '--checkpoint', file('other.json', other)],
      4,
      /^4: other\.json: the checkpoint was changed: the signature is not that/,
    );
    const stated = (await opened(readFileSync(kept, 'utf8'))).signed.payload;
    const envelope = await world.sign('checkpoint', `alice.admin${AT}`, stated, { installation: 'elsewhere' });
    const foreign = file('foreign.json', JSON.stringify({ ...(JSON.parse(readFileSync(kept, 'utf8')) as object), envelope }));
    await refused(['verify', '--checkpoint', foreign], 4, /^4: the checkpoint is of another installation; given: \S+; allowed: /);
  });

  it('refuses with 3 a trail that was cut off, naming the first event that is missing', async () => {
    const { client } = intruder;
    await client.query('DELETE FROM audit_event WHERE seq > 20');
    await client.query('UPDATE audit_head SET (seq, hash) = (SELECT seq, hash FROM audit_event WHERE seq = 20)');
    await refused(['verify', '--checkpoint', kept], 3, /^3: the audit trail is broken at event 21: event 21 is missing/);
    expect(JSON.parse((await audit('verify', '--checkpoint', kept, '--json')).stdout)).toMatchObject({
      firstBroken: 21,
      events: 20,
    });
    await refused(['export', '--model-name', MODEL, '--version', '1.2.0'], 3, /^3: not backed by the audit trail/);
    await intruder.after('SELECT 1');
  });
});

describe('audit export', () => {
  it('prints the bundle itself, or writes it where nothing is lost', async () => {
    const out = join(dir, 'bundle.json');
    const [plain, json, written] = await Promise.all([exported(), exported('--json'), exported('--out', out, '--json')]);
    expect([plain.code, json.code, written.code]).toEqual([0, 0, 0]);
    expect(JSON.parse(json.stdout)).toMatchObject({ form: 'gatehouse-bundle/v1', promotion: `${MODEL}/1.2.0/1` });
    expect([json.stdout, readFileSync(out, 'utf8')]).toEqual([plain.stdout, plain.stdout]);
    expect(JSON.parse(written.stdout)).toMatchObject({ ok: true, promotionId: `${MODEL}/1.2.0/1`, out });
    expect((await exported('--out', out, '--attempt', '1')).stdout).toMatch(/1\.2\.0\/1: \d+ events, 4 signed acts/);
    const other = file('taken.json', 'a file of mine');
    expect(await exported('--out', other)).toMatchObject({ code: 2, stderr: expect.stringMatching(/is there/) as string });
    expect(readFileSync(other, 'utf8')).toBe('a file of mine');
  });

  it.each([
    [['--model-name', MODEL], /required option '--version <V>'/],
    [['--model-name', MODEL, '--version', '9.9.9'], /9\.9\.9 is not registered/],
    [['--model-name', 'other', '--version', '1.2.0'], /model "other" is not registered/],
    [['--model-name', MODEL, '--version', '1.1.0'], /1\.1\.0 has no attempt to export/],
    [['--model-name', MODEL, '--version', '1.2.0', '--attempt', '2'], /--attempt; given: 2; allowed: 1/],
    [['--model-name', MODEL, '--version', '1.2.0', '--attempt', '0'], /--attempt; given: "0"; allowed: a whole number from 1/],
    [
      ['--model-name', MODEL, '--version', '1.2.0', '--out', '/nowhere/b.json'],
      /--out cannot be written: there is no such folder/,
    ],
  ])('refuses %j with 2', async (words, why) => {
    await refused(['export', ...words], 2, new RegExp(`^2: .*${why.source}`));
  });
});

describe('audit checkpoint', () => {
  it('refuses with 2 a file that is there or cannot be, and no signer, before anything is signed', async () => {
    const words = ['checkpoint', '--approver', `alice.admin${AT}`];
    await refused([...words, '--out', kept], 2, /^2: --out names a file that is there; .*what was kept stays/);
    await refused(
      [...words, '--out', '/nowhere/c.json'],
      2,
      /^2: --out cannot be written: there is no such folder; given: "\/nowhere\/c\.json"/,
    );
    await refused(['checkpoint'], 2, /^2: required option '--approver <E>'/);
  });

  it('says with 6 when Temporal is away', async () => {
    await refused(['checkpoint', '--approver', `alice.admin${AT}`], 6, /^6: Temporal on localhost:1/);
  });
});
