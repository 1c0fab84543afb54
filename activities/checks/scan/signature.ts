import type { ScanFinding } from '../../../domain/scan.js';
import { sha256 as digestOf } from '../../../platform/digest.js';
import { MODEL_FILE } from '../../../platform/files/model-file.js';
import { FileError, readRegularFile } from '../../../platform/files/regular-file.js';
import type { ManifestFile } from '../../../platform/package.js';
import type { CheckContext } from '../check.js';
import { BUNDLE_LIMIT_BYTES, isBundle, isNamedAsBundle, verifyBundle } from './bundle.js';

/** Verifies every signature that the package carries, and answers in words which there are. */
export async function signatureOf(context: CheckContext, findings: ScanFinding[]): Promise<string> {
  const { subject, policy } = context;
  const { files } = subject.manifest;
  const bundles: { path: string; bytes: Buffer }[] = [];
  for (const file of files) {
    const bytes = await contentOf(context, file);
    if (bytes ? isBundle(file.path, bytes) : isNamedAsBundle(file.path))
      bundles.push({ path: file.path, bytes: bytes ?? Buffer.alloc(0) });
  }
  // model.yaml names the digest of each signature, so no signature can have been made over it.
  const leftOut = [MODEL_FILE, ...bundles.map(({ path }) => path)];
  const answers = bundles.map(({ path, bytes }) => {
    const answer = verifyBundle(bytes, policy.scan.signing_keys, files, leftOut);
    if ('wrong' in answer) findings.push({ severity: 'critical', file: path, place: 'signature', what: answer.wrong });
    return 'wrong' in answer ? `${path}: not verified` : `${path}: verified by the key ${answer.key}`;
  });
  if (bundles.length === 0 && policy.scan.signatures === 'required')
    findings.push({
      severity: 'critical',
      file: 'the package',
      place: '',
      what: 'has no signature, and the policy requires one',
    });
  return answers.join('; ') || 'none';
}

/** The bytes of a file as the manifest has it; undefined where the store has others, or it is too large for a signature. */
async function contentOf({ store, signal }: CheckContext, { sha256, size }: ManifestFile): Promise<Buffer | undefined> {
  if (size > BUNDLE_LIMIT_BYTES) return undefined;
  try {
    const bytes = await readRegularFile(store.pathOf(sha256), { maxBytes: BUNDLE_LIMIT_BYTES, signal });
    return digestOf(bytes) === sha256 ? bytes : undefined;
  } catch (problem) {
    if (problem instanceof FileError) return undefined;
    throw problem;
  }
}
