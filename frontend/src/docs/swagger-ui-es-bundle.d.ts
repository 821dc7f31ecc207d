declare module "swagger-ui-dist/swagger-ui-es-bundle.js" {
  /** Shows an OpenAPI document. Its options: https://swagger.io/docs/open-source-tools/swagger-ui/usage/configuration/ */
  export default function SwaggerUI(options: Record<string, unknown>): unknown;
}
