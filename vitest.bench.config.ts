import { defineConfig } from 'vitest/config';

/** `npm run bench`: figures, not verdicts; one after the other, on a machine that does nothing else. */
export default defineConfig({
  test: {
    include: ['test/bench/**/*.bench.ts'],
    globalSetup: ['test/setup/postgres.ts'],
    testTimeout: 30 * 60_000,
    hookTimeout: 10 * 60_000,
    pool: 'forks',
    maxWorkers: 1,
    fileParallelism: false,
  },
});
