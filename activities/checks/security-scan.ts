import { failing, FORMATS, SEVERITIES, type Format, type ScanFinding, type ScannerCommand } from '../../domain/scan.js';
import { quoted } from '../../platform/files/quoted.js';
import type { ArtifactScanner } from '../ports.js';
import { found, listed, type Check, type CheckContext } from './check.js';
import { scanFiles, type ScannedFile } from './scan/package.js';
import { createScannerCommand } from './scan/scanner-command.js';
import { signatureOf } from './scan/signature.js';

const NAME = 'security-scan';
const REASONS = 20;

/** By what name scanners know a format; a zip with a pickle in it is what PyTorch writes. */
const EXTENSIONS: Readonly<Partial<Record<Format, string>>> = {
  zip: 'pt',
  gzip: 'joblib',
  zlib: 'joblib',
  npy: 'npy',
  pickle: 'pkl',
  joblib: 'joblib',
  hdf5: 'h5',
  savedmodel: 'pb',
  script: 'py',
};

/**
 * Passes when no file of the package has a finding at or above the policy's severity: formats by content and never by name,
 * those that can run code only where the policy allows them and its scanner has passed the file (rules §2).
 */
export function createSecurityScan(createScanner: (command: ScannerCommand) => ArtifactScanner): Check {
  return {
    name: NAME,
    async run(context) {
      const { subject, policy } = context;
      const findings: ScanFinding[] = [];
      const files = await scanFiles(context, findings);
      modelIsOne(context, files, findings);
      const scanned = await askScanner(context, files, findings, createScanner);
      const signature = await signatureOf(context, findings);
      const against = failing(findings, policy.scan.fail_at);
      const more = against.length - REASONS;
      return found(NAME, [...against.slice(0, REASONS).map(inWords), ...(more > 0 ? [`and ${more} more findings`] : [])], {
        measured: {
          files: String(files.length),
          formats: files.map(({ path, formats }) => `${path}: ${[...formats.values()].join(' + ') || 'unknown'}`).join('; '),
          ...Object.fromEntries(SEVERITIES.map((severity) => [severity, countOf(findings, severity)])),
          below_limit: listed(findings.filter((one) => !against.includes(one)).map(inWords), REASONS) || 'none',
          scanner: scanned,
          signature,
        },
        limit: { findings: `none at or above ${policy.scan.fail_at}`, formats: ['text', ...policy.scan.allow].join(', ') },
        source: `the content of every file in the store under manifest ${subject.artifactDigest}`,
      });
    },
  };
}

/** The scan with the command that the policy names. */
export const securityScan: Check = createSecurityScan(createScannerCommand);

function inWords({ severity, file, place, what }: ScanFinding): string {
  return `${severity}: ${file}${place === '' ? '' : ` (${place})`} ${what}`;
}

function countOf(findings: readonly ScanFinding[], severity: ScanFinding['severity']): string {
  return String(findings.filter((finding) => finding.severity === severity).length);
}

/** The file with the role model must be of a format for models, however harmless it is otherwise. */
function modelIsOne({ subject }: CheckContext, files: readonly ScannedFile[], findings: ScanFinding[]): void {
  const model = subject.modelFile.artifacts.find(({ role }) => role === 'model')?.path;
  const formats = files.find(({ path }) => path === model)?.formats;
  if (model !== undefined && formats?.has('text'))
    findings.push({ severity: 'high', file: model, place: '', what: 'is text, and model.yaml calls it the model' });
}

async function askScanner(
  { store, policy, signal, heartbeat }: CheckContext,
  files: readonly ScannedFile[],
  findings: ScanFinding[],
  createScanner: (command: ScannerCommand) => ArtifactScanner,
): Promise<string> {
  const { scanner, allow } = policy.scan;
  const answers: string[] = [];
  for (const { path, sha256, formats } of files) {
    const runs = [...formats.keys()].filter((format) => FORMATS[format] === 'code' && allow.includes(format));
    if (runs.length === 0) continue;
    heartbeat();
    const report = (what: string) => findings.push({ severity: 'critical', file: path, place: '', what });
    if (scanner === 'none') {
      report('could not be scanned: the policy names no scanner for files that can run code');
      continue;
    }
    const [first] = formats.keys();
    const answer = await createScanner(scanner).scan(store.pathOf(sha256), (first && EXTENSIONS[first]) ?? 'bin', signal);
    const program = quoted(scanner.command[0]);
    answers.push(`${path}: ${answer.outcome}, ${program} ${answer.how}`);
    if (answer.outcome === 'found') report(`has a finding of the scanner ${program}, which ${answer.how}`);
    if (answer.outcome === 'not-scanned') report(`could not be scanned: ${program} ${answer.how}`);
  }
  return answers.join('; ') || 'not needed';
}
