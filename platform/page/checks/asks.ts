/** What each check asks, in a sentence for somebody who decides or audits. */
export const ASKS: ReadonlyMap<string, string> = new Map([
  ['artifacts', 'Is every file of the package in the store, with the size and the SHA-256 of its manifest?'],
  ['feature-schema', 'Does the model take exactly the features of the registered, approved feature view it names?'],
  ['lineage', 'Are data sets, training run and code commit on the record, and is the training set the latest approved one?'],
  [
    'performance',
    'Does the model, run on the registered hold-out set, reach the accuracy and the ROC AUC that the policy asks for?',
  ],
  [
    'not-worse-than-production',
    'Is the model, run on the same hold-out rows as the version in production, equal or better? A tie passes.',
  ],
  ['latency', 'Does the 95th percentile of single predictions keep to its maximum, under the load that the policy sets?'],
  ['resources', 'Are model size, peak memory and CPU below their limits, under the load that the policy sets?'],
  [
    'data-quality',
    'Does the training set have the columns it should have, and does it meet what the policy expects of its rows?',
  ],
  ['security-scan', "Is there no finding at or above the policy's severity in any file of the package?"],
  ['checklist', 'Are documentation, monitoring, rollback plan and A/B result there, and verified?'],
]);
