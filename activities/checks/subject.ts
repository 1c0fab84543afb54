import type { Feature } from '../../domain/checks.js';
import type { ModelFile } from '../../platform/files/model-file.js';
import type { Manifest } from '../../platform/package.js';

/** A feature view by name, as models and data sets refer to it. */
export interface FeatureViewName {
  readonly name: string;
  readonly version: number;
}

/** A feature view as it is registered. */
export interface RegisteredFeatureView extends FeatureViewName {
  readonly featureHash: string;
  readonly features: readonly Feature[];
}

/** A data set as it is registered; `digest` is that of the data file. */
export interface DatasetRecord {
  readonly name: string;
  readonly series: string;
  readonly role: 'training' | 'holdout';
  readonly digest: string;
  readonly featureView: FeatureViewName;
  readonly label: string;
  /** The label of class 1; null where the labels are 0 and 1 already. */
  readonly positive: string | null;
  /** As ISO text, by the database's clock. */
  readonly registeredAt: string;
}

/** What a package says of itself in `model.yaml`, as far as checks read it. */
type DeclaredModel = Pick<ModelFile, 'artifacts' | 'featureView' | 'features' | 'training' | 'holdout' | 'checklist'>;

/** A version as the record and its package show it; what is not registered is null. */
export interface CheckSubject {
  readonly model: string;
  readonly version: string;
  readonly artifactDigest: string;
  readonly manifest: Manifest;
  readonly modelFile: DeclaredModel;
  /** The view that `modelFile.featureView` names. */
  readonly featureView: RegisteredFeatureView | null;
  /** The data set that `modelFile.training.dataset` names. */
  readonly trainingSet: DatasetRecord | null;
  /** The data set that `modelFile.holdout` names. */
  readonly holdoutSet: DatasetRecord | null;
  /** The name of the last registered training set of that one's series. */
  readonly latestTrainingSet: string | null;
}

/** A feature view's name in words. */
export function viewText({ name, version }: FeatureViewName): string {
  return `feature view ${name} version ${version}`;
}
