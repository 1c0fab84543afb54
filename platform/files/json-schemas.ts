import { z } from 'zod';
import { datasetSchema } from './dataset-file.js';
import { featureViewSchema } from './feature-view-file.js';
import { modelSchema } from './model-file.js';
import { policySchema } from './policy-schema.js';

type Json = { readonly [key: string]: unknown };

/** The files people write, as JSON Schemas for their editors, by the name each is published under in `schemas/`. */
export function jsonSchemas(): Readonly<Record<string, Json>> {
  return {
    policy: published('A policy, laid over the defaults key by key', overDefaults(schemaOf(policySchema))),
    model: published('A model version: the model.yaml of its package', schemaOf(modelSchema)),
    'feature-view': published('A feature view', schemaOf(featureViewSchema)),
    dataset: published('A data set', schemaOf(datasetSchema)),
  };
}

/** A schema as the text of its file. */
export function schemaText(schema: Json): string {
  return `${JSON.stringify(schema, null, 2)}\n`;
}

// Draft 7 is what the YAML editors in use read in full.
function schemaOf(schema: z.ZodType): Json {
  return z.toJSONSchema(schema, { io: 'input', target: 'draft-7' });
}

function published(title: string, { $schema, ...rest }: Json): Json {
  return { $schema, title, ...rest };
}

/** What a file leaves out comes from the defaults; only the model, and all four gates where there are any, have to be said. */
function overDefaults(schema: Json): Json {
  const whole = optional(schema) as { properties: { gates: Json } };
  const { gates } = (schema as { properties: { gates: Json } }).properties;
  return {
    ...whole,
    required: ['model'],
    properties: { ...whole.properties, gates: { ...whole.properties.gates, required: gates['required'] } },
  };
}

function optional(part: unknown): unknown {
  if (Array.isArray(part)) return part.map(optional);
  if (typeof part !== 'object' || part === null) return part;
  const kept = Object.entries(part).filter(([key, value]) => !(key === 'required' && Array.isArray(value)));
  return Object.fromEntries(kept.map(([key, value]) => [key, optional(value)]));
}
