import { z } from 'zod';
import { SEMVER, suggestVersion } from '../../domain/ids.js';
import { quoted } from './quoted.js';
import { featureViewRef, features, name, relativePath, section, sha256Field, text } from './fields.js';
import { fit } from './schema-problems.js';
import { readDocument, type ParseResult, type YamlDocument } from './yaml-document.js';

const version = z.string().regex(SEMVER, {
  error: ({ input }) => {
    const meant = suggestVersion(String(input));
    return `${quoted(input)} is not a semantic version${meant ? `; did you mean ${meant}?` : ' such as 1.2.0'}`;
  },
});

const artifacts = z.array(section({ path: relativePath, role: name, sha256: sha256Field })).superRefine((list, context) => {
  const models = list.filter(({ role }) => role === 'model').length;
  if (models !== 1) context.addIssue({ code: 'custom', message: `exactly one artifact has the role model, not ${models}` });
});

const remark = z.union([text(2000), z.boolean(), z.number(), z.array(text(2000))], {
  error: 'must be text, a number, true, false or a list',
});

const FRACTION = /(^|_)(accuracy|auc|precision|recall|f1)$/;

const reported = z.record(text(100), z.number()).superRefine((metrics, context) => {
  for (const [metric, value] of Object.entries(metrics)) {
    if (!FRACTION.test(metric) || (value >= 0 && value <= 1)) continue;
    context.addIssue({ code: 'custom', path: [metric], message: `must be 0–1, not ${value}`, params: { kind: 'rule' } });
  }
});

/** `model.yaml` as people write it; what the checks make of it is not judged here. */
export const modelSchema = section({
  name,
  version,
  artifacts,
  feature_view: featureViewRef,
  features,
  training: section({ dataset: name, run: text(200), commit: text(200), metrics: reported.default({}) }),
  holdout: name,
  checklist: z.record(name, z.record(name, remark)).default({}),
}).transform(({ feature_view: featureView, ...rest }) => ({ ...rest, featureView }));

/** What `model.yaml` says of a model version. */
export type ModelFile = z.output<typeof modelSchema>;

/** The file that every package has, and that names all its others. */
export const MODEL_FILE = 'model.yaml';

/** Reads `model.yaml`. */
export function parseModel(source: string | Uint8Array, fileName: string = MODEL_FILE): ParseResult<ModelFile> {
  const read = readModel(source, fileName);
  return read.ok ? { ok: true, value: read.value.model } : read;
}

/** Reads `model.yaml` and keeps the document, so that later findings can point at their lines. */
export function readModel(
  source: string | Uint8Array,
  fileName: string,
): ParseResult<{ model: ModelFile; document: YamlDocument }> {
  const read = readDocument(source, fileName);
  if (!read.ok) return read;
  const parsed = fit(modelSchema, read.value.value, [read.value]);
  return parsed.ok ? { ok: true, value: { model: parsed.value, document: read.value } } : parsed;
}
