/** How grave a scan finding is, the gravest first. */
export const SEVERITIES = ['critical', 'high', 'medium', 'low', 'info'] as const;
export type Severity = (typeof SEVERITIES)[number];

/** From which severity on a scan may fail; what is only worth knowing never fails one. */
export const FAIL_AT = ['critical', 'high', 'medium', 'low'] as const satisfies readonly Severity[];

/**
 * The formats a file can be recognised as by its content: `plain` ones are always in order, `data` and `container` ones
 * where the policy allows them, `code` ones (loading one can run code) where it allows them and a scanner has passed the
 * file, and `sealed` ones never, because nobody looks into them.
 */
export const FORMATS = {
  text: 'plain',
  onnx: 'data',
  safetensors: 'data',
  npy: 'data',
  parquet: 'data',
  png: 'data',
  jpeg: 'data',
  zip: 'container',
  gzip: 'container',
  zlib: 'container',
  pickle: 'code',
  joblib: 'code',
  hdf5: 'code',
  savedmodel: 'code',
  script: 'code',
  executable: 'code',
  sealed: 'sealed',
} as const satisfies Record<string, 'plain' | 'data' | 'container' | 'code' | 'sealed'>;
export type Format = keyof typeof FORMATS;

/** The formats that a policy can allow. */
export const ALLOWABLE = (Object.keys(FORMATS) as Format[]).filter((format) => !['plain', 'sealed'].includes(FORMATS[format]));

/** What a policy says of scans. */
export interface ScanPolicy {
  readonly allow: readonly Format[];
  readonly fail_at: (typeof FAIL_AT)[number];
  /** Operator domains of ONNX besides the standard ones. */
  readonly domains: readonly string[];
  /** What a pickle may import, by full names. */
  readonly globals: readonly string[];
  readonly scanner: 'none' | ScannerCommand;
  readonly signatures: 'optional' | 'required';
  /** Public keys by a name: the base64 of their SPKI form. */
  readonly signing_keys: Readonly<Record<string, string>>;
}

/** A command that is given a file's path last, and what its exit codes mean; every other one means that it could not scan the file. */
export interface ScannerCommand {
  readonly command: readonly string[];
  readonly exit: { readonly clean: readonly number[]; readonly found: readonly number[] };
  readonly timeout: number;
}

/** One thing a scan found: in which file of the package, and where in it. */
export interface ScanFinding {
  readonly severity: Severity;
  readonly file: string;
  readonly place: string;
  readonly what: string;
}

/** The operator domains that every ONNX runtime brings along; any other needs code from elsewhere. */
const STANDARD_DOMAINS: readonly string[] = ['', 'ai.onnx', 'ai.onnx.ml', 'ai.onnx.training'];

/** Whether operators of a domain may be used without the policy naming it. */
export function isStandardDomain(domain: string): boolean {
  return STANDARD_DOMAINS.includes(domain);
}

/** The findings at or above a severity, the gravest first and otherwise in the order given. */
export function failing(findings: readonly ScanFinding[], failAt: Severity): ScanFinding[] {
  return SEVERITIES.slice(0, SEVERITIES.indexOf(failAt) + 1).flatMap((severity) =>
    findings.filter((finding) => finding.severity === severity),
  );
}

/**
 * What speaks against a file because of the format it has: never the severity that decides, since a format that can run
 * code is refused at any `fail_at` unless the policy allows it (rules §2).
 */
export function againstFormat(format: Format, allowed: readonly string[]): Pick<ScanFinding, 'severity' | 'what'> | undefined {
  const kind = FORMATS[format];
  if (kind === 'sealed')
    return { severity: 'critical', what: 'could not be scanned: it is packed in a way that is not looked into' };
  if (kind === 'plain' || allowed.includes(format)) return undefined;
  if (kind !== 'code') return { severity: 'high', what: `is ${format}, which the policy does not allow` };
  return { severity: 'critical', what: `is ${format}, which can run code when it is loaded, and the policy does not allow it` };
}
