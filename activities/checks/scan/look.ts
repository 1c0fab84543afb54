import type { Policy } from '../../../domain/policy.js';
import type { Format, ScanFinding, Severity } from '../../../domain/scan.js';
import type { Budget } from './limits.js';

/** Takes one finding of the file that is looked at. */
export type Report = (severity: Severity, place: string, what: string) => void;

/** What all files of one scan share: the package, what the policy allows, and what came out so far. */
export interface Scanned {
  readonly scan: Policy['scan'];
  /** What no tensor may fill in memory. */
  readonly memoryBytes: number;
  /** Sizes of the package's files by path. */
  readonly files: ReadonlyMap<string, number>;
  readonly budget: Budget;
  readonly findings: ScanFinding[];
  /** The files that hold weights of an ONNX model. */
  readonly weights: Set<string>;
  readonly signal: AbortSignal | undefined;
}

/** One look at some bytes: a file of the package, or an entry of an archive in one. */
export interface Look {
  readonly scanned: Scanned;
  /** The file's path in the package; undefined for what lies in an archive. */
  readonly path: string | undefined;
  readonly report: Report;
  /** How many archives lie around these bytes. */
  readonly depth: number;
  /** Takes what the bytes, or others inside them, turned out to be. */
  readonly noted: (format: Format, described?: string) => void;
  /** Takes that nobody knows what the bytes are. */
  readonly unknown: () => void;
}

/** A look at an entry of an archive, whose findings say where they are from. */
export function inside(look: Look, name: string): Look {
  const report: Report = (severity, place, what) => look.report(severity, place === '' ? name : `${name}, ${place}`, what);
  return { ...look, path: undefined, depth: look.depth + 1, report, unknown: () => notRecognised(report) };
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
