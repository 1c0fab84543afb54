/**
 * Why a model cannot be used: the runtime cannot load it, it does not take or give what it is asked for, it went over a limit
 * of its process, or it ended that process.
 */
export type RefusalCode = 'not-loadable' | 'does-not-fit' | 'over-limit' | 'crashed';

/** Thrown by a `ModelRunner` when the model itself is at fault, so that trying again would find the same. */
export class ModelRefused extends Error {
  constructor(
    readonly code: RefusalCode,
    reason: string,
  ) {
    super(reason);
    this.name = 'ModelRefused';
  }
}

/** The refusal of a model whose process was ended at a limit. */
export function overLimit(limit: string): ModelRefused {
  return new ModelRefused('over-limit', `the model process was ended at its limit of ${limit}`);
}

/** A limit of memory, the same whichever of a process's watchers saw it first. */
export function memoryText(limitBytes: number): string {
  return `${limitBytes} bytes of memory`;
}
