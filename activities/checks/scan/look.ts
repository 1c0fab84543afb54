import type { Policy } from '../../../domain/policy.js';
import type { Format, ScanFinding, Severity } from '../../../domain/scan.js';
import type { Bytes } from './bytes.js';
import type { Budget } from './limits.js';

/** Takes one finding of the file that is looked at. */
export type Report = (severity: Severity, place: string, what: string) => void;

/** Bytes that can run code when they are loaded, as they are once nothing is packed around them any more. */
export interface CodeFound {
  readonly bytes: Bytes;
  /** Where the very same bytes lie in the store; undefined for what was unpacked. */
  readonly stored: string | undefined;
  /** The extensions that scanners know them by, one for each thing they can be taken for. */
  readonly extensions: readonly string[];
  /** Where they are: `model.pkl`, or `model.joblib (unpacked zlib)`. */
  readonly where: string;
  readonly report: Report;
}

/** What all files of one scan share: the package, what the policy allows, and what came out so far. */
export interface Scanned {
  readonly scan: Policy['scan'];
  /** What no tensor may fill in memory. */
  readonly memoryBytes: number;
  /** Sizes of the package's files by path. */
  readonly files: ReadonlyMap<string, number>;
  readonly budget: Budget;
  readonly findings: ScanFinding[];
  /** Hands what can run code, and is allowed, to the policy's scanner. */
  readonly handOver: (code: CodeFound) => Promise<void>;
  /** The files that hold weights of an ONNX model. */
  readonly weights: Set<string>;
  readonly signal: AbortSignal | undefined;
}

/** One look at some bytes: a file of the package, or an entry of an archive in one. */
export interface Look {
  readonly scanned: Scanned;
  /** The file's path in the package; undefined for what lies in an archive. */
  readonly path: string | undefined;
  /** What the bytes are called where they lie; for what is packed alone, the name without the packing's extension. */
  readonly name: string;
  /** Where the bytes are, in words. */
  readonly where: string;
  /** Where the file lies in the store; undefined for what lies in an archive. */
  readonly stored: string | undefined;
  /** Whether `model.yaml` calls the file, or the archive around, code. */
  readonly isCode: boolean;
  readonly report: Report;
  /** How many archives lie around these bytes. */
  readonly depth: number;
  /** Takes what the bytes, or others inside them, turned out to be. */
  readonly noted: (format: Format, described?: string) => void;
  /** Takes that nobody knows what the bytes are. */
  readonly unknown: () => void;
}

/** A look at an entry of an archive, whose findings say where they are from. */
export function inside(look: Look, place: string, name: string): Look {
  const report: Report = (severity, within, what) => look.report(severity, within === '' ? place : `${place}, ${within}`, what);
  const where = look.depth === 0 ? `${look.where} (${place})` : `${look.where.slice(0, -1)}, ${place})`;
  const own = { name, where, report, unknown: () => notRecognised(report) };
  return { ...look, ...own, path: undefined, stored: undefined, depth: look.depth + 1 };
}

/** Reports bytes of which nobody knows what they are. */
export function notRecognised(report: Report): void {
  report('critical', '', 'could not be scanned: its format is not recognised');
}

/** A look whose formats have been judged by the policy. */
export interface JudgedLook extends Look {
  /** Takes what the bytes are, and reports what speaks against that. */
  readonly recognised: (format: Format, described?: string) => void;
}
