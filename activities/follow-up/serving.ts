import { productionOf } from '../registry/change-made.js';
import type { Step } from './step.js';

/** Points serving at what is in production now, which a later change may have made something else, and reads it back. */
export const pointServing: Step =
  async ({ serving }, { key, model }) =>
  async (tx) => {
    await tx.query('SELECT lock_model($1)', [model]);
    const now = await productionOf(tx, model);
    const pointer = { model, version: now?.version ?? null, artifactDigest: now?.artifactDigest ?? null, change: key };
    await serving.point(pointer);
    const seen = await serving.read(model);
    if (seen?.version !== pointer.version || seen.artifactDigest !== pointer.artifactDigest)
      throw new Error(`${serving.name} points to ${seen?.version ?? 'nothing'}, not to ${pointer.version ?? 'nothing'}`);
    const { version, artifactDigest } = pointer;
    return { outcome: 'done', detail: { version, artifactDigest, target: serving.name }, audit: 'serving.pointed' };
  };
