// The page at /docs: Swagger UI from its package, on the studio's own /openapi.json. It asks no other server for anything.
// Requests that are tried here carry the page's session, or the token that "Authorize" was given.
import "@fontsource-variable/instrument-sans/wght.css";
import "@fontsource-variable/newsreader/wght.css";
import "swagger-ui-dist/swagger-ui.css";
import "./docs.css";

import SwaggerUI from "swagger-ui-dist/swagger-ui-es-bundle.js";

/** What this page needs to know of an OpenAPI document. */
interface OpenApi {
  paths: Record<string, Record<string, { requestBody?: { content: Record<string, { schema: { $ref?: string } }> } }>>;
  components: { schemas: Record<string, { properties?: Record<string, { default?: unknown }> }> };
}

const dark = matchMedia("(prefers-color-scheme: dark)");

function followColours() {
  document.documentElement.classList.toggle("dark-mode", dark.matches);
}

followColours();
dark.addEventListener("change", followColours);

/** Fields of forms that have no default get none: Swagger UI would fill in a sample, such as 0. */
function withoutSamples(document: OpenApi): OpenApi {
  for (const methods of Object.values(document.paths)) {
    for (const { requestBody } of Object.values(methods)) {
      const name = requestBody?.content["multipart/form-data"]?.schema.$ref?.split("/").at(-1) ?? "";
      for (const field of Object.values(document.components.schemas[name]?.properties ?? {})) field.default ??= null;
    }
  }
  return document;
}

/** Leaves out the fields of a form that nobody has filled in. */
function withoutEmptyFields(request: { body?: unknown }) {
  const { body } = request;
  if (body instanceof FormData) {
    for (const [name, value] of [...body]) if (value === "" || value === "null") body.delete(name);
  }
  return request;
}

const answer = await fetch("/openapi.json");

SwaggerUI({
  spec: withoutSamples((await answer.json()) as OpenApi),
  requestInterceptor: withoutEmptyFields,
  dom_id: "#reference",
  deepLinking: true,
  docExpansion: "none",
  defaultModelsExpandDepth: 0,
  displayRequestDuration: true,
  filter: true,
  tryItOutEnabled: true,
  validatorUrl: null,
});
