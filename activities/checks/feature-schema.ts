import { featureBytes, type Finding } from '../../domain/checks.js';
import { columnDifferences, type ColumnDifference } from '../../domain/feature-differences.js';
import { sha256 } from '../../platform/digest.js';
import { found, listed, type Check } from './check.js';
import { viewText, type CheckSubject } from './subject.js';

const KINDS = ['missing', 'extra', 'repeated', 'of another type', 'moved'] as const satisfies readonly ColumnDifference['kind'][];
/** How many columns that differ are shown one by one; the rest is counted. */
const SHOWN = 100;

/** Passes when the hash of the model's features is that of the registered feature view it names (rules §2). */
export const featureSchema: Check = {
  name: 'feature-schema',
  async run({ subject }) {
    const { modelFile, featureView } = subject;
    const hash = sha256(featureBytes(modelFile.features));
    const differences = featureView ? columnDifferences(modelFile.features, featureView.features) : [];
    const shown = differences.slice(0, SHOWN);
    const limit: Finding['limit'] = featureView
      ? {
          feature_hash: featureView.featureHash,
          features: String(featureView.features.length),
          ...Object.fromEntries(shown.map(({ column, view }) => [`column ${column}`, view])),
        }
      : {};
    return found('feature-schema', schemaReasons(subject, hash, differences), {
      measured: {
        feature_hash: hash,
        features: String(modelFile.features.length),
        ...(differences.length > 0 && { differing_columns: String(differences.length) }),
        ...Object.fromEntries(shown.map(({ column, model }) => [`column ${column}`, model])),
      },
      limit,
      source: `features in model.yaml, against ${viewText(modelFile.featureView)} on the record`,
    });
  },
};

function schemaReasons(
  { modelFile, featureView }: CheckSubject,
  hash: string,
  differences: readonly ColumnDifference[],
): string[] {
  const named = viewText(modelFile.featureView);
  if (!featureView) return [`${named} is not registered`];
  if (differences.length > 0) return differencesInWords(differences);
  return hash === featureView.featureHash ? [] : [`the feature hash is not that of ${named}`];
}

/** Which columns differ, kind by kind: `missing: a, b`, `of another type: c (int64, column 3; in the view float32, column 2)`. */
export function differencesInWords(differences: readonly ColumnDifference[]): string[] {
  return KINDS.flatMap((kind) => {
    const columns = differences.filter((difference) => difference.kind === kind);
    if (columns.length === 0) return [];
    const isOnBothSides = kind !== 'missing' && kind !== 'extra';
    return [
      `${kind}: ${listed(columns.map(({ column, model, view }) => (isOnBothSides ? `${column} (${model}; in the view ${view})` : column)))}`,
    ];
  });
}
