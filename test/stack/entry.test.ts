import { execFileSync } from 'node:child_process';
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { entry, packageRoot } from '../../platform/entry.js';

it('finds what lies at the root of the package', () => {
  expect(readdirSync(join(packageRoot(), 'migrations'))).toContain('roles.sql');
});

it('names a file that exists for every process', () => {
  for (const name of ['cli', 'stack', 'worker', 'model-process', 'data-process'] as const) {
    expect(existsSync(entry(name).args.at(-1) ?? ''), name).toBe(true);
  }
});

it('starts a process from any working directory', () => {
  const { command, args } = entry('cli');
  const printed = execFileSync(command, [...args, '--version'], { cwd: '/', encoding: 'utf8' });
  expect(printed).toMatch(/^\d+\.\d+\.\d+/);
});
