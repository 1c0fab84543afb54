import { failing, FORMATS, SEVERITIES, type ScanFinding, type ScannerCommand } from '../../domain/scan.js';
import type { ArtifactScanner } from '../ports.js';
import { found, listed, type Check, type CheckContext } from './check.js';
import { askedScanner } from './scan/asked-scanner.js';
import { scanFiles, type ScannedFile } from './scan/package.js';
import { createScannerCommand } from './scan/scanner-command.js';
import { signatureOf } from './scan/signature.js';

const NAME = 'security-scan';
const REASONS = 20;

/**
 * Passes when no file of the package has a finding at or above the policy's severity: formats by content, which a name only
 * ever makes stricter, those that can run code only where the policy allows them and its scanner has passed them, unpacked
 * (rules §2). Throws when the scanner did not run.
 */
export function createSecurityScan(createScanner: (command: ScannerCommand) => ArtifactScanner): Check {
  return {
    name: NAME,
    async run(context) {
      const { subject, policy } = context;
      const findings: ScanFinding[] = [];
      const scanner = askedScanner(context, createScanner);
      const files = await scanFiles(context, findings, scanner.handOver);
      modelIsOne(context, files, findings);
      const signature = await signatureOf(context, findings);
      const against = failing(findings, policy.scan.fail_at);
      const more = against.length - REASONS;
      return found(NAME, [...against.slice(0, REASONS).map(inWords), ...(more > 0 ? [`and ${more} more findings`] : [])], {
        measured: {
          files: String(files.length),
          formats: files.map(({ path, formats }) => `${path}: ${[...formats.values()].join(' + ') || 'unknown'}`).join('; '),
          ...Object.fromEntries(SEVERITIES.map((severity) => [severity, countOf(findings, severity)])),
          below_limit: listed(findings.filter((one) => !against.includes(one)).map(inWords), REASONS) || 'none',
          scanner: scanner.answered(),
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
  if (model === undefined || !formats) return;
  const onlyScript =
    formats.has('script') && [...formats.keys()].every((one) => one === 'script' || FORMATS[one] === 'container');
  const is = formats.has('text') ? 'text' : onlyScript ? 'a script' : undefined;
  if (is !== undefined)
    findings.push({ severity: 'high', file: model, place: '', what: `is ${is}, and model.yaml calls it the model` });
}
