import { saysSomething } from '../../domain/checklist.js';
import { SHA256 } from '../../domain/ids.js';
import { found, type Check } from './check.js';
import { viewText, type CheckSubject } from './subject.js';

/**
 * Passes when data sets, training run and code commit are on the record, the training set is the latest approved of its series
 * (registering approves it), and the hold-out set is another one, both made for the model's feature view (rules §2).
 */
export const lineage: Check = {
  name: 'lineage',
  async run({ subject }) {
    const { modelFile, trainingSet, holdoutSet } = subject;
    const { dataset, run, commit } = modelFile.training;
    const measured = {
      dataset,
      dataset_digest: trainingSet?.digest ?? 'not registered',
      run,
      commit,
      holdout: modelFile.holdout,
      holdout_digest: holdoutSet?.digest ?? 'not registered',
      feature_view: trainingSet ? viewText(trainingSet.featureView) : 'not registered',
    };
    const limit = {
      dataset: subject.latestTrainingSet ?? 'the latest of its series',
      feature_view: viewText(modelFile.featureView),
    };
    const reasons = [...recordReasons(subject), ...trainingReasons(subject), ...holdoutReasons(subject)];
    return Promise.resolve(
      found('lineage', reasons, { measured, limit, source: 'model.yaml, against the data sets on the record' }),
    );
  },
};

function recordReasons({ modelFile: { training } }: CheckSubject): string[] {
  const absent = (['run', 'commit'] as const).filter((name) => !saysSomething(training[name]));
  return absent.map((name) => `the training ${name} is not recorded`);
}

function trainingReasons({ modelFile, trainingSet, latestTrainingSet }: CheckSubject): string[] {
  const { dataset } = modelFile.training;
  if (!trainingSet) return [`the training set ${dataset} is not registered`];
  const reasons = [];
  if (trainingSet.role !== 'training')
    reasons.push(`${dataset} is registered as a ${trainingSet.role} set, not as a training set`);
  if (!SHA256.test(trainingSet.digest)) reasons.push(`the digest of ${dataset} is not recorded`);
  if (latestTrainingSet !== dataset) {
    reasons.push(`${dataset} is not the latest training set of ${trainingSet.series}: that is ${latestTrainingSet ?? 'unknown'}`);
  }
  const [given, asked] = [viewText(trainingSet.featureView), viewText(modelFile.featureView)];
  if (given !== asked) reasons.push(`the training set ${dataset} is for ${given}, the model for ${asked}`);
  return reasons;
}

function holdoutReasons({ modelFile, trainingSet, holdoutSet }: CheckSubject): string[] {
  const name = modelFile.holdout;
  if (!holdoutSet) return [`the hold-out set ${name} is not registered`];
  const reasons = [];
  if (holdoutSet.role !== 'holdout') reasons.push(`${name} is registered as a ${holdoutSet.role} set, not as a hold-out set`);
  if (holdoutSet.digest === trainingSet?.digest) reasons.push(`the hold-out set ${name} has the same bytes as the training set`);
  const [given, asked] = [viewText(holdoutSet.featureView), viewText(modelFile.featureView)];
  if (given !== asked) reasons.push(`the hold-out set ${name} is for ${given}, the model for ${asked}`);
  return reasons;
}
