// Writes src/api/constraints.ts: what the OpenAPI schema says of the values that a request may have (enumerations and their
// labels, least and greatest numbers, lengths, patterns). The page takes them from there, so that no limit of the service is
// typed again.
// node scripts/constraints.mjs (part of `npm run schema`)
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";

const folder = join(import.meta.dirname, "..");
const { components } = JSON.parse(readFileSync(join(folder, "openapi.json"), "utf8"));

// The request bodies that the page sends, and what it says of a base model without a limit of its own.
const SCHEMAS = [
  "GenerationRequest",
  "Body_create_concept",
  "ConceptPatch",
  "TokenIn",
  "MemberIn",
  "BaseModelOut",
];
const KEYWORDS = [
  "enum",
  "x-labels",
  "minimum",
  "maximum",
  "multipleOf",
  "minLength",
  "maxLength",
  "minItems",
  "maxItems",
  "pattern",
  "default",
];

/** The keywords of a property; those of `anyOf` and of a list's items count as its own. */
function constraintsOf({ anyOf = [], items, ...property }) {
  const own = Object.fromEntries(KEYWORDS.filter((keyword) => keyword in property).map((keyword) => [keyword, property[keyword]]));
  const inner = [...anyOf, ...(items ? [items] : [])].filter(({ type }) => type !== "null").map(constraintsOf);
  return Object.assign({}, ...inner, own);
}

const constraints = {};
for (const schema of SCHEMAS) {
  const { properties } = components.schemas[schema];
  const entries = Object.entries(properties).map(([name, property]) => [name, constraintsOf(property)]);
  constraints[schema] = Object.fromEntries(entries.filter(([, found]) => Object.keys(found).length > 0));
}

writeFileSync(
  join(folder, "src", "api", "constraints.ts"),
  `// Generated from openapi.json by scripts/constraints.mjs. Do not edit.\nexport const constraints = ${JSON.stringify(constraints, null, 2)} as const;\n`,
);
