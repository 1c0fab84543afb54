// Writes `schemas/*.schema.json` from the schemas that files are read with: `npm run schemas`.
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { packageRoot } from '../platform/entry.js';
import { jsonSchemas, schemaText } from '../platform/files/json-schemas.js';

const folder = join(packageRoot(), 'schemas');
mkdirSync(folder, { recursive: true });
for (const [name, schema] of Object.entries(jsonSchemas())) {
  writeFileSync(join(folder, `${name}.schema.json`), schemaText(schema));
}
