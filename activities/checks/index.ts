import type { CheckName } from '../../domain/checks.js';
import { artifacts } from './artifacts.js';
import type { Check } from './check.js';
import { checklist } from './checklist.js';
import { dataQuality } from './data-quality.js';
import { featureSchema } from './feature-schema.js';
import { latency } from './latency.js';
import { lineage } from './lineage.js';
import { notWorseThanProduction } from './not-worse.js';
import { performance } from './performance.js';
import { resources } from './resources.js';
import { securityScan } from './security-scan.js';

/** Every automated check by its name: adding one is one file and one line here. */
export const checks: Readonly<Record<CheckName, Check>> = {
  artifacts,
  'feature-schema': featureSchema,
  lineage,
  'security-scan': securityScan,
  'data-quality': dataQuality,
  performance,
  'not-worse-than-production': notWorseThanProduction,
  latency,
  resources,
  checklist,
};
