import { Unreadable } from './bytes.js';

/** How far a scan goes; what would go further could not be scanned. Nothing that stays within takes long or much memory. */
export const SCAN_LIMITS = {
  /** Archives inside archives. */
  depth: 4,
  /** Entries of all archives of a package. */
  entries: 10_000,
  /** Bytes unpacked and held at one time. */
  heldBytes: 64_000_000,
  /** Bytes unpacked in all. */
  unpackedBytes: 256_000_000,
  /** Protobuf fields, and those of them that are messages. */
  fields: 30_000_000,
  messages: 2_000_000,
  /** Pickle opcodes, and those of them that import a name. */
  opcodes: 10_000_000,
  imports: 200_000,
  /** Times that the policy's scanner is asked about one package. */
  scannerRuns: 500,
} as const;

/** What the files of one package may still cost together. */
export class Budget {
  private entries = 0;
  private held = 0;
  private unpacked = 0;
  private readonly parts = {
    fields: SCAN_LIMITS.fields as number,
    messages: SCAN_LIMITS.messages as number,
    opcodes: SCAN_LIMITS.opcodes as number,
    imports: SCAN_LIMITS.imports as number,
  };

  entry(at: number): void {
    this.entries += 1;
    if (this.entries > SCAN_LIMITS.entries) throw new Unreadable(`it holds more than ${SCAN_LIMITS.entries} entries`, at);
  }

  part(kind: 'fields' | 'messages' | 'opcodes' | 'imports', at: number): void {
    this.parts[kind] -= 1;
    if (this.parts[kind] < 0) throw new Unreadable(`the package has more than ${SCAN_LIMITS[kind]} ${kind}`, at);
  }

  /** How many bytes may be unpacked next. */
  get left(): number {
    return Math.min(SCAN_LIMITS.heldBytes - this.held, SCAN_LIMITS.unpackedBytes - this.unpacked);
  }

  hold(bytes: number): void {
    this.held += bytes;
    this.unpacked += bytes;
  }

  release(bytes: number): void {
    this.held -= bytes;
  }
}
