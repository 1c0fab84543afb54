import type { Attempt } from '../../domain/attempt.js';
import type { Finding } from '../../domain/checks.js';
import type { Db } from '../../platform/pool.js';
import { damagedFiles } from '../checks/artifacts.js';
import type { Deps } from './deps.js';
import { loadSubject, PackageDamaged } from './subject.js';

/** What is wrong with a version's artifacts in the store; throws when the store cannot be read, to be tried again. */
export async function damageOf({ store }: Pick<Deps, 'store'>, db: Db, model: string, version: string): Promise<string[]> {
  try {
    const subject = await loadSubject(db, store, model, version);
    return subject ? await damagedFiles({ store, subject }) : [`${version} is not registered`];
  } catch (error) {
    if (error instanceof PackageDamaged) return [error.message];
    throw error;
  }
}

/** The verdict on a version whose package is not in the store as it was registered. */
export function damagedFinding({ artifactDigest }: Pick<Attempt, 'artifactDigest'>, reason: string): Finding {
  const source = `the package in the store, against its manifest ${artifactDigest}`;
  return { check: 'artifacts', verdict: 'fail', measured: {}, limit: {}, source, reason };
}
