import { readFileSync, renameSync, rmSync, symlinkSync, writeFileSync, chmodSync, existsSync } from 'node:fs';
import { loadPackage, type Manifest } from '../../platform/package.js';
import { GATE_PEOPLE } from './promotion.js';
import type { World } from './world.js';

/** Approves the first gates of an attempt's round, each by its own person. */
export async function approveFirst(world: World, promotionId: string, gates: number): Promise<void> {
  for (const [gate, person] of GATE_PEOPLE.slice(0, gates)) {
    const { answer } = await world.activities.decide({
      promotionId,
      envelope: await world.signDecision(promotionId, person, gate),
    });
    if (answer.refusal) throw new Error(JSON.stringify(answer.refusal));
  }
}

/** The states of the four gates, and how the void ones say why. */
export async function gatesOf(world: World, promotionId: string): Promise<{ states: string[]; why: (string | null)[] }> {
  const { progress } = await world.activities.standing({ promotionId });
  return { states: progress.gates.map(({ state }) => state), why: progress.gates.map(({ why }) => why) };
}

/** Gives an attempt's round the verdicts of its first one, so that a test need not measure them all again. */
export async function passRound({ db }: World, promotionId: string): Promise<void> {
  await db.worker.query(
    `INSERT INTO check_result (promotion_id, round, phase, check_name, verdict, finding, took_ms, at)
     SELECT r.promotion_id, p.round, r.phase, r.check_name, r.verdict, r.finding, 0, gatehouse_now()
       FROM check_result r JOIN promotion p ON p.id = r.promotion_id
      WHERE r.promotion_id = $1 AND r.round = 1 AND r.phase = 'validation' ORDER BY r.id`,
    [promotionId],
  );
}

/** The notices of a kind about an attempt, and who hears them. */
export async function noticesOf(
  { db }: World,
  promotionId: string,
  kind: string,
): Promise<{ audience: string[]; title: string; body: string }[]> {
  const { rows } = await db.reader.query<{ audience: string[]; title: string; body: string }>(
    'SELECT audience, title, body FROM notice WHERE subject = $1 AND kind = $2 ORDER BY at, key',
    [promotionId, kind],
  );
  return rows;
}

/** What can be done to a stored package by somebody who may write to the store; each answers how to put it right again. */
export const MUTATIONS: readonly (readonly [string, (world: World, version: string) => Promise<() => void>])[] = [
  ['a byte of the model changed', (world, version) => edited(world, version, 'model.onnx', flipped)],
  ['a byte of the documentation changed', (world, version) => edited(world, version, 'MODEL_CARD.md', flipped)],
  ['a byte of model.yaml changed', (world, version) => edited(world, version, 'model.yaml', flipped)],
  [
    'a byte added to the model',
    (world, version) => edited(world, version, 'model.onnx', (bytes) => `${bytes.toString('latin1')}x`),
  ],
  ['a file removed', (world, version) => moved(world, version, (path) => rmSync(path))],
  ['a file renamed', (world, version) => moved(world, version, (path) => renameSync(path, `${path}.old`))],
  [
    'a file replaced by a link to the same bytes',
    (world, version) =>
      moved(world, version, (path) => {
        renameSync(path, `${path}.old`);
        symlinkSync(`${path}.old`, path);
      }),
  ],
  [
    'a file added to the manifest',
    (world, version) => relisted(world, version, (files) => [...files, { ...files[0]!, path: 'z.bin' }]),
  ],
  ['a file taken from the manifest', (world, version) => relisted(world, version, (files) => files.slice(1))],
  [
    'a file renamed in the manifest',
    (world, version) => relisted(world, version, ([one, ...files]) => [{ ...one!, path: 'A.md' }, ...files]),
  ],
];

type Files = Manifest['files'];

async function stored({ db, deps }: World, version: string): Promise<{ digest: string; manifest: Manifest }> {
  const { rows } = await db.reader.query<{ artifact_digest: string }>(
    'SELECT artifact_digest FROM model_version_detail WHERE version = $1',
    [version],
  );
  const loaded = await loadPackage(deps.store, rows[0]?.artifact_digest ?? '');
  if (!loaded.ok) throw new Error(`the package of ${version} cannot be read`);
  return { digest: loaded.artifactDigest, manifest: loaded.manifest };
}

async function pathIn(world: World, version: string, name: string): Promise<string> {
  const { manifest } = await stored(world, version);
  return world.deps.store.pathOf(manifest.files.find(({ path }) => path === name)?.sha256 ?? '');
}

function flipped(bytes: Buffer): Buffer {
  const copy = Buffer.from(bytes);
  copy[copy.length - 2] = (copy.at(-2) ?? 0) ^ 1;
  return copy;
}

function written(path: string, bytes: string | Uint8Array): () => void {
  const good = readFileSync(path);
  chmodSync(path, 0o644);
  writeFileSync(path, bytes, 'latin1');
  return () => writeFileSync(path, good);
}

async function edited(
  world: World,
  version: string,
  name: string,
  edit: (bytes: Buffer) => string | Buffer,
): Promise<() => void> {
  const path = await pathIn(world, version, name);
  return written(path, edit(readFileSync(path)));
}

async function moved(world: World, version: string, move: (path: string) => void): Promise<() => void> {
  const path = await pathIn(world, version, 'model.onnx');
  const good = readFileSync(path);
  move(path);
  return () => {
    for (const each of [path, `${path}.old`]) if (existsSync(each)) rmSync(each);
    writeFileSync(path, good);
  };
}

/** The manifest is the list of a package's files: a file is added, removed or renamed in it, or not at all. */
async function relisted(world: World, version: string, edit: (files: Files) => Files): Promise<() => void> {
  const { digest, manifest } = await stored(world, version);
  return written(world.deps.store.pathOf(digest), JSON.stringify({ files: edit(manifest.files) }));
}
