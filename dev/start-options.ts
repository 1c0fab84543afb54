import type { StackConfig } from '../platform/config.js';
import type { DataDirPaths } from '../platform/connection-file.js';

/** One part of the stack that is kept running until it is told to stop. */
export interface Part {
  readonly name: string;
  stop(): Promise<void>;
}

/** How a part of the stack is started: where, on which ports, until when, and whom it tells. */
export interface StartOptions {
  readonly paths: DataDirPaths;
  readonly config: StackConfig;
  /** Any free ports rather than the well-known ones. */
  readonly freePorts: boolean;
  readonly signal: AbortSignal;
  /** Aborts when the parts are to be stopped without waiting for anything. */
  readonly hurry?: AbortSignal;
  readonly say: (line: string) => void;
  /** Told of each part as soon as it runs, so that it is stopped whatever happens after. */
  readonly keep: (part: Part) => void;
}
