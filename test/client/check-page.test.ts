import { createHash } from 'node:crypto';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { loadAttempt } from '../../platform/attempt.js';
import { evidencePage } from '../../platform/page/evidence-page.js';
import { readEvidence } from '../../platform/read/evidence.js';
import { approve } from '../read/life.js';
import { readable } from '../page/samples.js';
import { read } from '../support/reading.js';
import { MODEL, type Ran } from '../support/stack.js';
import { drive, request, staged } from '../support/staged.js';
import { first, makeWorld, type World } from '../support/world.js';

const COMMENT = 'more patients are found\r\nBcc: <script>alert(1)</script> \u202egnp.exe';

let world: World;
let promotionId: string;
const dir = mkdtempSync(join(tmpdir(), 'gatehouse-page-'));
beforeAll(async () => {
  world = await makeWorld();
  promotionId = await staged(world, '1.2.0');
  await approve(world, promotionId, 'devops');
  const sara = await first(world.db, 'security');
  const envelope = await world.signDecision(promotionId, sara, 'security', 'approve', { comment: COMMENT });
  await world.activities.decide({ promotionId, envelope });
}, 240_000);
afterAll(async () => {
  await world.close();
  rmSync(dir, { recursive: true, force: true });
});

const check = (out: string, ...words: string[]): Promise<Ran> =>
  read(world.db.readUrl, ['check', '--model-name', MODEL, '--version', '1.2.0', '--out', out, ...words]);

describe('check --out', () => {
  it('writes the page, names it with the digest beside the table, and says with its code whether the version is eligible', async () => {
    const path = join(dir, 'evidence.html');
    const ran = await check(path);
    const { evidenceDigest } = (await loadAttempt(world.db.reader, promotionId)) ?? {};
    expect(ran.code).toBe(3);
    expect(ran.stdout).toMatch(/^alzheimer_classifier 1\.2\.0 can go into production at the earliest/);
    expect(ran.stdout).toContain(`\nwrote ${path}\nevidence digest ${evidenceDigest}\n`);
    expect(ran.stderr).toMatch(/^3: alzheimer_classifier 1\.2\.0 is staging, not eligible[^\n]*\n$/);
    expect(readFileSync(path, 'utf8')).toMatch(/^<!doctype html>\n/);
  });

  it('prints one document with --json, and never writes over what is there', async () => {
    const path = join(dir, 'again.html');
    const ran = await check(path, '--json');
    const { page, model, error } = JSON.parse(ran.stdout) as { page: object; model: string; error: { code: number } };
    const { evidenceDigest } = (await loadAttempt(world.db.reader, promotionId)) ?? {};
    expect(page).toEqual({ path, evidenceDigest });
    expect([model, error.code]).toEqual([MODEL, 3]);
    const kept = readFileSync(path, 'utf8');
    expect(await check(path)).toMatchObject({
      code: 2,
      stdout: '',
      stderr: expect.stringMatching(/^2: --out names a file that is there; [^\n]*what was kept stays\n$/) as string,
    });
    expect(readFileSync(path, 'utf8')).toBe(kept);
    expect(readdirSync(dir).filter((name) => name.startsWith('.'))).toEqual([]);
  });

  it.each([
    ['evidence.pdf', /^2: --out; given: "[^"]*evidence\.pdf"; allowed: a file that ends in \.html; next: [^\n]*\n$/],
    ['.html', /^2: --out; given:/],
    ['no-such-folder/evidence.html', /^2: --out cannot be written: there is no such folder; given: [^\n]*\n$/],
    ['folder.html', /^2: --out names a file that is there; given: [^\n]*\n$/],
  ])('refuses %s in one line and leaves nothing behind', async (name, line) => {
    mkdirSync(join(dir, 'folder.html'), { recursive: true });
    const before = readdirSync(dir);
    const ran = await check(join(dir, name));
    expect(ran).toMatchObject({ code: 2, stdout: '', stderr: expect.stringMatching(line) as string });
    expect(readdirSync(dir)).toEqual(before);
  });

  it('refuses a version for which nobody has asked', async () => {
    await world.register('1.4.0', await first(world.db, 'mlops'));
    const path = join(dir, 'none.html');
    const ran = await read(world.db.readUrl, ['check', '--model-name', MODEL, '--version', '1.4.0', '--out', path]);
    expect(ran).toMatchObject({ code: 2, stdout: '' });
    expect(ran.stderr).toMatch(
      /^2: alzheimer_classifier 1\.4\.0 has no promotion yet, so no evidence to show; next: gatehouse promote [^\n]*\n$/,
    );
    expect(readdirSync(dir)).not.toContain('none.html');
  });
});

describe('the page of the real record', () => {
  it('holds what the record holds: figures of real models, who signed what, and bytes with the digest they signed', async () => {
    const found = await readEvidence(world.db.reader, { model: MODEL, version: '1.2.0' });
    if (!found?.evidence) throw new Error('there is no evidence');
    const { attempt, decisions } = found.evidence;
    const page = evidencePage(found.evidence);
    const text = readable(page);
    for (const { check: name, measured, source } of attempt.findings) {
      expect(page).toContain(`id="check-${name}"`);
      for (const figure of Object.values(measured)) expect(text).toContain(figure);
      expect(text).toContain(source);
    }
    expect(text).toContain('Sara Security sara.security@duetmind.example');
    expect(text).toContain('I attest for the security gate: ');
    expect(text).toContain('more patients are found\\u{d}\\u{a}Bcc: <script>alert(1)</script> \\u{202e}gnp.exe');
    expect(page).not.toContain('<script');
    expect(text).toContain('Assurance: demo.');
    expect(page).toMatch(/<path\s+class="first"/);
    const bytes = Buffer.from(/base64,([^"]*)"/.exec(page)?.[1] ?? '', 'base64');
    const digest = createHash('sha256').update(bytes).digest('hex');
    expect(decisions.map(({ evidenceDigest }) => evidenceDigest)).toEqual([digest, digest]);
    expect(attempt.evidenceDigest).toBe(digest);
  });

  it('shows an attempt whose checks have not run, and one that they ended', async () => {
    const worse = '1.1.0';
    await world.register(worse, await first(world.db, 'mlops'));
    const id = await request(world, worse);
    const before = await readEvidence(world.db.reader, { model: MODEL, version: worse });
    expect(before?.evidence && readable(evidencePage(before.evidence))).toContain('Evidence is not complete.');
    await drive(world, id);
    const [one, other] = [
      await readEvidence(world.db.reader, { model: MODEL, version: worse }),
      await readEvidence(world.db.reader, { model: MODEL, version: worse }),
    ];
    if (!one?.evidence || !other?.evidence) throw new Error('there is no evidence');
    expect(readable(evidencePage(one.evidence))).toMatch(/performance \(fail\).* The attempt ended rejected \d{4}-/);
    expect(evidencePage(other.evidence)).toBe(evidencePage(one.evidence));
  });
});
