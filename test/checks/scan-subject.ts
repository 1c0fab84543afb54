import { securityScan } from '../../activities/checks/security-scan.js';
import type { CheckSubject } from '../../activities/checks/subject.js';
import type { Finding } from '../../domain/checks.js';
import type { ScanPolicy } from '../../domain/scan.js';
import { sha256 } from '../../platform/digest.js';
import type { ManifestFile } from '../../platform/package.js';
import type { Store } from '../../platform/store.js';
import { policyWith } from '../support/attempt.js';
import { contextOf } from './subjects.js';

/** The subject with these files beside or instead of its own, as if they had been registered so. */
export async function withFiles(
  store: Store,
  subject: CheckSubject,
  files: Readonly<Record<string, Buffer>>,
): Promise<CheckSubject> {
  const added: ManifestFile[] = [];
  for (const [path, content] of Object.entries(files)) {
    const { digest, size } = await store.putBytes(content);
    added.push({ path, sha256: digest, size });
  }
  const kept = subject.manifest.files.filter(({ path }) => !Object.hasOwn(files, path));
  const all = [...kept, ...added].toSorted((one, other) => (one.path < other.path ? -1 : 1));
  return { ...subject, manifest: { files: all }, artifactDigest: sha256(JSON.stringify(all)) };
}

/** What the scan finds in a package under a policy that differs in these points. */
export function scan(store: Store, subject: CheckSubject, change: Partial<ScanPolicy> = {}): Promise<Finding> {
  const policy = policyWith();
  return securityScan.run(contextOf(store, subject, { policy: { ...policy, scan: { ...policy.scan, ...change } } }));
}
