import type { Hold } from '../domain/hold.js';
import type { ServingBundle } from '../domain/serving-bundle.js';
import type { Trust } from '../domain/trust.js';
import { readVerified, wrongManifestPath, wrongOnDisk, type Place } from '../platform/serving/package-on-disk.js';
import { verifyServingBundle, type Asked } from '../platform/serving/verify-bundle.js';

// What a serving system verifies by itself: no Temporal, no PostgreSQL, no network, and nothing believed but signatures of people
// whom its own operator trusts. Built to dist/verify.js; see docs/serving.md.
export { heldBy } from '../platform/serving/held-by.js';
export { readTrustFile } from '../platform/serving/trust-file.js';
export type { Hold, ServingBundle, Trust };

/** What is verified, and by whom it is trusted; where the files are is needed before anything is loaded. */
export type Verifying = Asked & {
  /** What `gatehouse resolve --json` answers as `bundle`, parsed or as text. */
  readonly bundle: unknown;
  readonly trust: Trust;
  /** The package's own directory; or else the store, in which files lie under their digests. */
  readonly packageDir?: string;
  readonly store?: string;
};

/** A verified version, or the first problem by name; `verifiedFile` answers bytes that were hashed, never others. */
export type Verdict =
  | {
      readonly ok: true;
      readonly bundle: ServingBundle;
      /** A file's bytes, read once: load these and not the file. Throws where they are not what was verified. */
      readonly verifiedFile: (path: string) => Promise<Buffer>;
    }
  | { readonly ok: false; readonly problem: string };

/**
 * Verifies that a version may be loaded: the approvals of its four gates, who signed them, that nobody approved their own, and,
 * where `packageDir` or `store` is given, every file. Answers the first problem by name; throws only where the disk fails.
 */
export async function verifyBundle({ bundle: given, trust, packageDir, store, ...asked }: Verifying): Promise<Verdict> {
  const verdict = await verifyServingBundle(given, trust, asked);
  if (!verdict.ok) return verdict;
  const { bundle } = verdict;
  const { files } = bundle.manifest;
  const place: Place | undefined = packageDir !== undefined ? { packageDir } : store !== undefined ? { store } : undefined;
  const problem = wrongManifestPath(files) ?? (place && (await wrongOnDisk(place, files)));
  if (problem !== undefined) return { ok: false, problem };
  const verifiedFile = async (path: string): Promise<Buffer> => {
    if (!place) throw new Error('say packageDir or store to read files');
    return await readVerified(place, files, path);
  };
  return { ok: true, bundle, verifiedFile };
}
