import { execFile } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { readConnection } from '../../platform/connection-file.js';
import { root, type Ran } from '../support/stack.js';

const dir = mkdtempSync(join(tmpdir(), 'gatehouse-demo-'));
let postgres: string | undefined;
afterAll(() => {
  // As root the server's data is not in the folder.
  for (const folder of [dir, postgres]) if (folder) rmSync(folder, { recursive: true, force: true });
});

interface Story {
  ok: boolean;
  chapters: { title: string; commands: { command: string; exitCode: number; output: string[] }[] }[];
}

it('tells the whole life on a stack of its own, and leaves nothing running', { timeout: 300_000 }, async () => {
  const look = setInterval(() => {
    const connection = readConnection(join(dir, 'demo'));
    if (connection) postgres = dirname(connection.postgres.dataDir);
  }, 500);
  const { code, stdout, stderr } = await new Promise<Ran>((done) => {
    const args = [join(root, 'dist', 'cli.js'), 'demo', '--data-dir', dir, '--json'];
    execFile(process.execPath, args, { maxBuffer: 16 * 1024 * 1024 }, (error, out, err) => {
      done({ code: error ? Number(error.code) : 0, stdout: out, stderr: err });
    });
  });
  clearInterval(look);
  expect(code, stderr).toBe(0);
  const { ok, chapters } = JSON.parse(stdout) as Story;
  expect(ok).toBe(true);
  const told = chapters.flatMap(({ commands }) => commands.flatMap(({ output }) => output)).join('\n');
  expect(told).toMatch(/1\.1\.0 is rejected: performance failed: accuracy 0\.77/);
  expect(told).toMatch(/3: self-approval/);
  expect(told).toMatch(/4: gate security is decided by group security/);
  expect(told).toMatch(/1\.3\.0 is rejected: not-worse-than-production failed/);
  expect(told).toMatch(/1\.4\.0 in production/);
  expect(told).toMatch(/1\.2\.0 +archived .*replaced by 1\.4\.0; kept until/);
  // With colours there is a mark before it.
  expect(told).toMatch(/watch +(\S )?(healthy|warning).*prediction-log: \d+ requests/);
  expect(told).toMatch(/1\.2\.0 in production/);
  expect(told).toMatch(/1\.4\.0 +archived .*quarantined; rolled back to 1\.2\.0 by gatehouse: error-rate/);
  expect(told).toMatch(/rolled back to 1\.2\.0 by itself: error-rate was beyond its rollback limit/);
  for (const sink of ['pagerduty', 'slack', 'mail']) expect(told).toMatch(new RegExp(`^${sink} +.*(rollback|rolled back)`, 'm'));
  expect(told).toMatch(/The audit trail holds/);
  expect(existsSync(join(dir, 'demo', 'connection.json'))).toBe(false);
});
