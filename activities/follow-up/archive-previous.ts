import { damageOf } from '../registry/damage.js';
import type { Detail, Step } from './step.js';

/** Verifies the artifacts of the version that left production; its retention end was set with the change. */
export const archivePrevious: Step =
  async (deps, { model, from: previous, retentionUntil }) =>
  async (tx) => {
    const nothing: Detail = { previous: null };
    if (previous === null) return { outcome: 'done', detail: nothing, audit: null };
    const damaged = await damageOf(deps, tx, model, previous);
    const isWhole = damaged.length === 0;
    const artifacts = isWhole ? 'match' : `damaged: ${damaged.join('; ')}`;
    return { outcome: isWhole ? 'done' : 'failed', detail: { previous, retentionUntil, artifacts }, audit: 'previous.archived' };
  };
