import js from "@eslint/js";
import hooks from "eslint-plugin-react-hooks";
import { defineConfig } from "eslint/config";
import ts from "typescript-eslint";

import oneword from "./eslint-rules.js";

export default defineConfig(
  { ignores: ["dist/", "src/api/schema.d.ts", "src/api/constraints.ts"] },
  js.configs.recommended,
  ts.configs.strictTypeChecked,
  ts.configs.stylisticTypeChecked,
  hooks.configs.flat.recommended,
  {
    languageOptions: { parserOptions: { projectService: { allowDefaultProject: ["eslint.config.js", "eslint-rules.js", "lingui.config.ts"] } } },
    linterOptions: { reportUnusedDisableDirectives: "error" },
    plugins: { oneword },
    rules: {
      "oneword/shown-problem": "error",
      "@typescript-eslint/no-unused-vars": ["error", { ignoreRestSiblings: true }],
      "max-lines": ["error", 400],
      "no-console": "error",
      "@typescript-eslint/restrict-template-expressions": ["error", { allowNumber: true }],
      "@typescript-eslint/consistent-type-imports": "error",
      "@typescript-eslint/switch-exhaustiveness-check": "error",
    },
  },
  { files: ["eslint.config.js", "eslint-rules.js"], extends: [ts.configs.disableTypeChecked] },
  {
    // Scripts that drive a browser: no types, and globals of both sides.
    files: ["e2e/*.mjs", "scripts/*.mjs"],
    extends: [ts.configs.disableTypeChecked],
    languageOptions: {
      parserOptions: { projectService: false },
      globals: Object.fromEntries(["console", "document", "fetch", "FormData", "performance", "process", "URL", "window"].map((name) => [name, "readonly"])),
    },
    rules: { "no-console": "off" },
  },
);
