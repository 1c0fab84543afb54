import { platform } from 'node:os';
import type { StackConfig } from '../platform/config.js';

/** The version of the Temporal command line that Gatehouse is tested with: downloads are of this one, a newer one is used. */
export const TEMPORAL_VERSION = '1.9.1';

/** How a program's file name ends on this platform. */
export const TEMPORAL_EXE = platform() === 'win32' ? '.exe' : '';

/** One way to get a Temporal binary onto this machine. */
export interface Download {
  /** As in "not …" and "(…)", for people. */
  readonly from: string;
  /** Puts the binary at `into`, in one step; throws when it cannot be had this way. */
  readonly fetch: (config: StackConfig, into: string, signal: AbortSignal) => Promise<void>;
}
