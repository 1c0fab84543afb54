import { availableParallelism } from 'node:os';
import { configDefaults, defineConfig } from 'vitest/config';

/** What does in bulk what other tests do once, and takes long: `npm run test:all` runs it as well. */
const BULK = [
  'attack/flood',
  'attack/forgeries',
  'attack/payload-codec',
  'attack/role-act-matrix',
  'attack/rogue-worker',
  'checks/model-runaway',
  'e2e/at-once',
  'e2e/bad-input',
  'e2e/evidence-worker',
  'e2e/wedged',
  'read/audit-checkpoint',
  'read/status-at',
  'record/act-stage',
  'record/changed-package',
  'record/no-audit',
  'record/year',
  'serving/bundle',
  'stack/survives',
];
const left = process.env['GATEHOUSE_TESTS'] === 'all' ? [] : BULK.map((name) => `test/${name}.test.ts`);

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    exclude: [...configDefaults.exclude, ...left],
    globalSetup: ['test/setup/postgres.ts'],
    // They end what hangs and judge no speed: a stack may take 105 s to stop by its own limits, on a busy machine.
    testTimeout: 120_000,
    hookTimeout: 180_000,
    pool: 'forks',
    // The tests wait for other processes most of the time.
    maxWorkers: availableParallelism() + 1,
  },
});
