import type { CheckName } from '../../domain/checks.js';
import { artifacts } from './artifacts.js';
import type { Check } from './check.js';
import { featureSchema } from './feature-schema.js';
import { lineage } from './lineage.js';
import { notWorseThanProduction } from './not-worse.js';
import { performance } from './performance.js';

/** Every automated check by its name: adding one is one file and one line here. */
export const checks: Readonly<Record<CheckName, Check>> = {
  artifacts,
  'feature-schema': featureSchema,
  lineage,
  performance,
  'not-worse-than-production': notWorseThanProduction,
};
