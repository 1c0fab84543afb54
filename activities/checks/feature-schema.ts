import { featureBytes, type Feature, type Finding } from '../../domain/checks.js';
import { sha256 } from '../../platform/digest.js';
import { found, listed, type Check } from './check.js';
import { viewText, type CheckSubject } from './subject.js';

/** Passes when the hash of the model's features is that of the registered feature view it names (rules §2). */
export const featureSchema: Check = {
  name: 'feature-schema',
  async run({ subject }) {
    const { modelFile, featureView } = subject;
    const hash = sha256(featureBytes(modelFile.features));
    const limit: Finding['limit'] = featureView
      ? { feature_hash: featureView.featureHash, features: String(featureView.features.length) }
      : {};
    return found('feature-schema', schemaReasons(subject, hash), {
      measured: { feature_hash: hash, features: String(modelFile.features.length) },
      limit,
      source: `features in model.yaml, against ${viewText(modelFile.featureView)} on the record`,
    });
  },
};

function schemaReasons({ modelFile, featureView }: CheckSubject, hash: string): string[] {
  const named = viewText(modelFile.featureView);
  if (!featureView) return [`${named} is not registered`];
  if (hash === featureView.featureHash) return [];
  const differences = featureDifferences(modelFile.features, featureView.features);
  return differences.length > 0 ? differences : [`the feature hash is not that of ${named}`];
}

/** How a model's features differ from those of a view, in words, column by column; empty when they are the same. */
export function featureDifferences(model: readonly Feature[], view: readonly Feature[]): string[] {
  const missing = view.filter(({ name }) => !model.some((feature) => feature.name === name));
  const extra = model.filter(({ name }) => !view.some((feature) => feature.name === name));
  const retyped = view.flatMap(({ name, type }) => {
    const given = model.find((feature) => feature.name === name);
    return given && given.type !== type ? [`${name} (${given.type} instead of ${type})`] : [];
  });
  const repeated = model.filter(({ name }, at) => model.findIndex((feature) => feature.name === name) !== at);
  const named = [
    ['missing', missing.map(({ name }) => name)],
    ['extra', extra.map(({ name }) => name)],
    ['repeated', repeated.map(({ name }) => name)],
    ['of another type', retyped],
  ] as const;
  const differences = named.filter(([, names]) => names.length > 0).map(([what, names]) => `${what}: ${listed(names)}`);
  const inBoth = model.filter(({ name }) => view.some((feature) => feature.name === name));
  const inOrder = view.filter(({ name }) => model.some((feature) => feature.name === name));
  const moved = inOrder.findIndex(({ name }, at) => inBoth[at]?.name !== name);
  if (moved === -1 || repeated.length > 0) return differences;
  const position = 1 + view.findIndex(({ name }) => name === inOrder[moved]?.name);
  return [
    ...differences,
    `in another order: first ${inBoth[moved]?.name} instead of ${inOrder[moved]?.name} (column ${position} of the view)`,
  ];
}
