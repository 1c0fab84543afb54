import { spawnSync } from 'node:child_process';
import {
  chmodSync,
  chownSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { platform, tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { packageRoot } from '../../platform/entry.js';
import { MAY_MOUNT, mount, unmount } from './mounted.js';

const NOBODY = 65_534;
const isRoot = process.getuid?.() === 0;
let dir: string;
let home: string;

beforeAll(() => {
  dir = mkdtempSync(join(tmpdir(), 'gatehouse-dirs-'));
  chmodSync(dir, 0o755);
  home = join(dir, 'home');
  mkdirSync(home);
});
afterAll(() => rmSync(dir, { recursive: true }));

/** Runs `gatehouse …` as a user who is not root, unless told otherwise. */
function gatehouse(args: string[], { asRoot = false } = {}) {
  const cli = join(packageRoot(), 'dist', 'cli.js');
  const user = isRoot && !asRoot ? { uid: NOBODY, gid: NOBODY } : {};
  return spawnSync(process.execPath, [cli, ...args], {
    ...user,
    cwd: '/',
    encoding: 'utf8',
    env: { PATH: '/usr/bin:/bin', HOME: home },
  });
}
const mayRun = gatehouse(['--version']).status === 0;

function refused(code: number, dataDir: string, why: RegExp, more: { verb?: string; asRoot?: boolean } = {}): void {
  const { status, stdout, stderr } = gatehouse([more.verb ?? 'up', '--data-dir', dataDir], more);
  expect(stderr).toMatch(why);
  expect(stderr).toMatch(new RegExp(`^${code}: .*; given: .*; allowed: .*; next: .*\n$`));
  expect([status, stdout]).toEqual([code, '']);
}

it('refuses what cannot be a directory', () => {
  const file = join(dir, 'file');
  writeFileSync(file, '');
  const asRoot = true;
  refused(2, file, /it is a file/, { asRoot });
  refused(2, join(file, 'below'), /file is a file/, { asRoot });
  refused(2, '', /names none/, { asRoot });
  refused(2, join(dir, 'd'.repeat(300)), /too long a name/, { asRoot });
  symlinkSync(join(dir, 'gone'), join(dir, 'dangling'));
  refused(2, join(dir, 'dangling'), /leads nowhere/, { asRoot });
  refused(2, file, /file is a file/, { asRoot, verb: 'demo' });
  expect(readdirSync(dir).sort()).toEqual(['dangling', 'file', 'home']);
});

it.runIf(platform() === 'linux')('refuses a place that takes no directories, where making one never ends', () => {
  refused(2, '/proc/gatehouse/data', /takes no new directories|may not be written in/, { asRoot: true });
});

it.runIf(mayRun)('refuses a directory that this user may not write in, leaving nothing', () => {
  const closed = join(dir, 'closed');
  mkdirSync(closed, { mode: 0o555 });
  if (isRoot) chownSync(closed, NOBODY, NOBODY);
  refused(2, closed, /it may not be written in/);
  refused(2, join(closed, 'new', 'data'), /closed may not be written in/);
  expect(readdirSync(closed)).toEqual([]);
});

it.runIf(mayRun && isRoot)('refuses a directory of another user, who could replace what is in it', () => {
  const shared = join(dir, 'shared');
  mkdirSync(shared);
  chmodSync(shared, 0o777);
  refused(2, shared, /it belongs to another user/);
  expect(readdirSync(shared)).toEqual([]);
});

it.runIf(MAY_MOUNT)('refuses a read-only file system, and a disk with too little room, leaving nothing', () => {
  const place = join(dir, 'mounted');
  try {
    mount(place, 'size=30m,ro');
    refused(2, join(place, 'data'), /mounted is on a read-only file system/, { asRoot: true });
    unmount(place);
    mount(place, 'size=30m');
    refused(6, join(place, 'data'), /too little room .*given: 3\d MB free; allowed: \d+ MB or more for a first start/, {
      asRoot: true,
    });
    expect(existsSync(join(place, 'data'))).toBe(false);
  } finally {
    unmount(place);
  }
});
