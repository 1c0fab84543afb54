/** Why a model cannot be used: the runtime cannot load it, or it does not take or give what it is asked for. */
export type RefusalCode = 'not-loadable' | 'does-not-fit';

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
