import { z } from 'zod';
import { featureViewRef, name, relativePath, section, sha256Field, text } from './fields.js';
import { fit } from './schema-problems.js';
import { readDocument, type ParseResult } from './yaml-document.js';

/** A data set's file as people write it; `path` is beside the file. */
export const datasetSchema = section({
  name,
  series: name,
  role: z.enum(['training', 'holdout']),
  feature_view: featureViewRef,
  label: text(200),
  /** The label's value that means class 1, as the data has it. */
  positive: z
    .union([text(200), z.int()], { error: 'must be text or a whole number; put it in quotes' })
    .transform(String)
    .optional(),
  path: relativePath,
  sha256: sha256Field,
}).transform(({ feature_view: featureView, ...rest }) => ({ ...rest, featureView }));

/** What a data set's file says. */
export type DatasetFile = z.output<typeof datasetSchema>;

/** Reads a data set's file. */
export function parseDataset(source: string | Uint8Array, fileName: string): ParseResult<DatasetFile> {
  const read = readDocument(source, fileName);
  return read.ok ? fit(datasetSchema, read.value.value, [read.value]) : read;
}
