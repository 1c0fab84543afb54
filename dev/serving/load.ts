import { openModel } from '../../activities/checks/model-session.js';
import { readTrustFile, verifyBundle } from '../../client/verify.js';
import { MODEL_FILE, parseModel } from '../../platform/files/model-file.js';
import { problemLine } from '../../platform/files/yaml-document.js';

/** A version whose bytes were verified, ready to answer. */
export interface LoadedVersion {
  readonly model: string;
  readonly version: string;
  readonly artifactDigest: string;
  /** The names of its features, in its order. */
  readonly features: readonly string[];
  /** The data set that it was trained on. */
  readonly trainedOn: string;
  /** The class chosen and the score of class 1 of one row. */
  predict(row: Float32Array): Promise<{ readonly label: number; readonly score: number }>;
}

/** What is loaded, whom its signatures are compared with, and the store that has its files. */
export interface Loading {
  readonly bundle: unknown;
  readonly model: string;
  readonly stage: 'staging' | 'production';
  readonly trustFile: string;
  readonly store: string;
}

/** Loads the bytes that were verified, and no others; throws an Error that names the first thing that does not verify. */
export async function loadVerified({ bundle: given, model, stage, trustFile, store }: Loading): Promise<LoadedVersion> {
  const verdict = await verifyBundle({ bundle: given, trust: readTrustFile(trustFile), model, stage, store });
  if (!verdict.ok) throw new Error(`not verified: ${verdict.problem}`);
  const { version, artifactDigest } = verdict.bundle;
  const read = parseModel(await verdict.verifiedFile(MODEL_FILE));
  if (!read.ok) throw new Error(read.problems.map(problemLine).join('; '));
  const { features, artifacts, training } = read.value;
  const file = artifacts.find(({ role }) => role === 'model')?.path ?? '';
  const open = await openModel(await verdict.verifiedFile(file), features.length);
  return {
    model,
    version,
    artifactDigest,
    features: features.map(({ name }) => name),
    trainedOn: training.dataset,
    async predict(row) {
      const { labels, scores } = await open.predict(row, 1);
      const [label, score] = [labels[0], scores[0]];
      if (label === undefined || score === undefined || !Number.isFinite(score)) throw new Error('the model answered no number');
      return { label, score };
    },
  };
}
