import type { LabelledRows } from '../ports.js';
import { CannotMeasure } from './cannot-measure.js';
import { listed, type CheckContext, type CheckStore } from './check.js';
import { readFirstRow, readLabelledRows, type LabelledFile } from './labelled-file.js';
import type { CheckSubject, DatasetRecord } from './subject.js';

/** The subject's hold-out set; throws when it is not registered as one, because then nothing can be measured. */
export function holdoutOf({ modelFile, holdoutSet }: CheckSubject): DatasetRecord {
  if (!holdoutSet) throw new CannotMeasure(`the hold-out set ${modelFile.holdout} is not registered`);
  const { name, role } = holdoutSet;
  if (role !== 'holdout') throw new CannotMeasure(`${name} is registered as a ${role} set, not as a hold-out set`);
  return holdoutSet;
}

/** All rows of the subject's hold-out set, in the order of its model's features; throws when the bytes are not the registered ones. */
export async function readHoldout({
  store,
  subject,
  signal,
  heartbeat,
}: Pick<CheckContext, 'store' | 'subject' | 'signal' | 'heartbeat'>): Promise<LabelledRows> {
  return readLabelledRows(holdoutFile(store, subject), { signal, heartbeat });
}

/** One row of the subject's hold-out set, in the order of its model's features, to try the model on. */
export async function firstHoldoutRow(
  store: Pick<CheckStore, 'pathOf'>,
  subject: CheckSubject,
  signal?: AbortSignal,
): Promise<LabelledRows> {
  return readFirstRow(holdoutFile(store, subject), signal);
}

/** The columns a version's model is fed, in its order; throws when it has features that are no float32, as only those are measured. */
export function fedColumns({ version, modelFile }: CheckSubject): string[] {
  const others = modelFile.features.filter(({ type }) => type !== 'float32').map(({ name, type }) => `${name} (${type})`);
  if (others.length > 0) throw new CannotMeasure(`only float32 features can be measured; ${version} has ${listed(others)}`);
  return modelFile.features.map(({ name }) => name);
}

function holdoutFile(store: Pick<CheckStore, 'pathOf'>, subject: CheckSubject): LabelledFile {
  const { digest, label, positive } = holdoutOf(subject);
  return { path: store.pathOf(digest), digest, features: fedColumns(subject), label, positive };
}
