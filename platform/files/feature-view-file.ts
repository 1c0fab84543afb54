import type { z } from 'zod';
import { featureViewRef, features, section } from './fields.js';
import { fit } from './schema-problems.js';
import { readDocument, type ParseResult } from './yaml-document.js';

/** A feature view's file as people write it: its name and version, and the features in their order. */
export const featureViewSchema = section({ ...featureViewRef.shape, features });

/** What a feature view's file says. */
export type FeatureViewFile = z.output<typeof featureViewSchema>;

/** Reads a feature view's file. */
export function parseFeatureView(source: string | Uint8Array, fileName: string): ParseResult<FeatureViewFile> {
  const read = readDocument(source, fileName);
  return read.ok ? fit(featureViewSchema, read.value.value, [read.value]) : read;
}
