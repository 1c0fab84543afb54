import { open } from 'node:fs/promises';
import type { Format } from '../../../domain/scan.js';
import type { CheckContext } from '../check.js';
import { fileBytes } from './bytes.js';
import { scanContent } from './content.js';
import { Budget } from './limits.js';
import { notRecognised, type Report, type Scanned } from './look.js';

/** What one file of a package was recognised as, in words where there is more to say of it. */
export interface ScannedFile {
  readonly path: string;
  readonly formats: ReadonlyMap<Format, string>;
}

/** Looks at the content of every file of the package in the store, whatever its name; what can run code is handed over; answers what each is. */
export async function scanFiles(
  { store, subject, policy, signal, heartbeat }: CheckContext,
  findings: Scanned['findings'],
  handOver: Scanned['handOver'],
): Promise<ScannedFile[]> {
  const { files } = subject.manifest;
  const code = new Set(subject.modelFile.artifacts.filter(({ role }) => role === 'code').map(({ path }) => path));
  const scanned: Scanned = {
    scan: policy.scan,
    memoryBytes: policy.thresholds.memory.below,
    files: new Map(files.map(({ path, size }) => [path, size])),
    budget: new Budget(),
    findings,
    handOver,
    weights: new Set(),
    signal,
  };
  const unknown = new Map<string, { readonly formats: Map<Format, string>; readonly report: Report }>();
  const looked: ScannedFile[] = [];
  for (const { path, sha256, size } of files) {
    heartbeat();
    const report: Report = (severity, place, what) => findings.push({ severity, file: path, place, what });
    const formats = new Map<Format, string>();
    looked.push({ path, formats });
    // Other bytes than the manifest's may be swapped back once they have been looked at.
    if (!(await store.verify(sha256, signal))) {
      report('critical', '', 'could not be scanned: it is not in the store as the manifest has it');
      continue;
    }
    const handle = await open(store.pathOf(sha256), 'r');
    try {
      await scanContent(fileBytes(handle, size), {
        scanned,
        path,
        name: path,
        where: path,
        stored: store.pathOf(sha256),
        isCode: code.has(path),
        report,
        depth: 0,
        noted: (format, described = format) => formats.set(format, formats.get(format) ?? described),
        unknown: () => unknown.set(path, { formats, report }),
      });
    } finally {
      await handle.close();
    }
  }
  // Weights outside a model have no format of their own; which files they are is only known when every model was looked at.
  for (const [path, { formats, report }] of unknown) {
    if (scanned.weights.has(path)) formats.set('onnx', 'weights of an onnx model');
    else notRecognised(report);
  }
  return looked;
}
