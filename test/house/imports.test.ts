import { execFileSync } from 'node:child_process';
import { mkdtempSync, cpSync, mkdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

const root = resolve(import.meta.dirname, '../..');
const FOLDERS = ['domain', 'workflows', 'activities', 'platform', 'workers', 'client', 'dev'];
const BOUNDARIES = '.dependency-cruiser.cjs';
const SANDBOX = '.dependency-cruiser.sandbox.cjs';

/** One breach of each rule: the rule, the file that breaks it, and how. */
const BREACHES = [
  ['domain-imports-nothing', 'domain/reaches-out.ts', `import '../platform/pool.js';`],
  ['domain-uses-no-package', 'domain/uses-node.ts', `import 'node:crypto';`],
  [
    'workflows-import-domain-only',
    'workflows/runs-activity.ts',
    `import { BadInput } from '../activities/failures.js'; export const x = BadInput;`,
  ],
  [
    'workflows-see-activity-types-only',
    'workflows/sees-platform.ts',
    `import type { Db } from '../platform/pool.js'; export type X = Db;`,
  ],
  ['platform-imports-domain-only', 'platform/knows-ports.ts', `import '../activities/ports.js';`],
  ['activities-import-rules-and-platform', 'activities/prints.ts', `import '../client/output.js';`],
  [
    'only-messages-of-workflows',
    'client/runs-workflow.ts',
    `import { promotion } from '../workflows/promotion.js'; export const x = promotion;`,
  ],
  ['client-imports-rules-and-platform', 'client/works.ts', `import '../workers/runs.js';`],
  ['dev-imports-rules-and-platform', 'dev/prints.ts', `import '../client/output.js';`],
  ['endpoint-verifies-and-opens', 'dev/serving/signs.ts', `import '../../client/signing.js';`],
  ['serving-verifies-alone', 'client/verify-asks.ts', `import '../platform/people.js';`],
  ['workers-never-import-client-or-dev', 'workers/starts.ts', `import '../dev/ports.js';`],
] as const;

let copy: string;
beforeAll(() => {
  // Inside the repository, so that packages are found where they are.
  mkdirSync(join(root, 'dist'), { recursive: true });
  copy = mkdtempSync(join(root, 'dist', 'planted-'));
  for (const name of [...FOLDERS, BOUNDARIES, SANDBOX, 'tsconfig.json', 'package.json'])
    cpSync(join(root, name), join(copy, name), { recursive: true });
  symlinkSync(join(root, 'node_modules'), join(copy, 'node_modules'));
});
afterAll(() => rmSync(copy, { recursive: true, force: true }));

function cruise(config: string): string {
  const cruiser = join(root, 'node_modules', 'dependency-cruiser', 'bin', 'dependency-cruise.mjs');
  const folders = config === SANDBOX ? ['workflows', 'domain'] : FOLDERS;
  try {
    return execFileSync(process.execPath, [cruiser, '--config', config, ...folders], { cwd: copy, encoding: 'utf8' });
  } catch (error) {
    return (error as { stdout: string }).stdout;
  }
}

describe('who may import whom (design §2)', () => {
  it('the code as it is keeps every rule', () => {
    expect(cruise(BOUNDARIES)).toMatch(/no dependency violations found \(\d{2,} modules/);
    expect(cruise(SANDBOX)).toMatch(/no dependency violations found \(\d{2,} modules/);
  });

  it('every rule finds the breach that is planted for it', () => {
    for (const [, file, text] of BREACHES) writeFileSync(join(copy, file), text);
    const found = cruise(BOUNDARIES);
    for (const [rule, file] of BREACHES) expect(found).toMatch(new RegExp(`error ${rule}: ${file}`));
  });

  it('workflow code that reaches a package two steps away is found', () => {
    writeFileSync(join(copy, 'domain', 'planted.ts'), `import { Pool } from 'pg'; export const pool = Pool;`);
    writeFileSync(join(copy, 'workflows', 'planted.ts'), `import { pool } from '../domain/planted.js'; export const x = pool;`);
    expect(cruise(SANDBOX)).toMatch(/error sandbox-is-deterministic: workflows\/planted\.ts/);
  });
});
