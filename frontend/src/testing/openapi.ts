// The OpenAPI schema of the service, for tests that hold the page to it.
import { readFileSync } from "node:fs";
import { join } from "node:path";

export interface FieldSchema {
  enum?: readonly string[];
  description?: string;
  maximum?: number;
  anyOf?: readonly FieldSchema[];
  items?: FieldSchema;
}

interface OpenApi {
  components: { schemas: Record<string, { properties?: Record<string, FieldSchema> }> };
}

// Vitest runs in the folder of package.json, where `make frontend/openapi.json` writes the schema.
const openapi = JSON.parse(readFileSync(join(process.cwd(), "openapi.json"), "utf8")) as OpenApi;

/** The fields of a request body, by name. */
export function fieldsOf(schema: string): Record<string, FieldSchema> {
  const fields = openapi.components.schemas[schema]?.properties;
  if (fields === undefined) throw new Error(`the OpenAPI schema has no ${schema}`);
  return fields;
}
