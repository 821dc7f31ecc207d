import { lingui } from "@lingui/vite-plugin";
import babel from "@rolldown/plugin-babel";
import react from "@vitejs/plugin-react";
import { defineConfig } from "vitest/config";

// The studio serves the built page itself. This development server passes every API request on to a running studio.
const studio = process.env.ONEWORD_STUDIO ?? "http://127.0.0.1:8000";

// Only files that import a macro of Lingui go through Babel.
const linguiMacros = {
  preset: () => ({ plugins: ["@lingui/babel-plugin-lingui-macro"] }),
  rolldown: { filter: { code: /@lingui\/(core|react)\/macro/ } },
};

export default defineConfig({
  plugins: [react(), lingui(), babel({ presets: [linguiMacros] })],
  server: { proxy: { "/api": studio } },
  build: {
    // Nothing becomes a data: address: the page's content security policy allows fonts and scripts from the studio's own address only.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    target: "es2022",
    chunkSizeWarningLimit: 2000, // Swagger UI, which only /docs loads
    rolldownOptions: { input: ["index.html", "docs.html"], checks: { bundlerTimings: false } },
  },
  test: {
    pool: "threads",
    projects: [
      { extends: true, test: { name: "functions", environment: "node", include: ["src/**/*.test.ts"], setupFiles: ["src/testing/language.ts"], isolate: false } },
      {
        extends: true,
        test: {
          name: "components",
          environment: "happy-dom",
          environmentOptions: { happyDOM: { url: "http://studio.test/" } },
          include: ["src/**/*.test.tsx"],
          setupFiles: ["src/testing/setup.ts"],
          testTimeout: 30_000,
          isolate: false,
        },
      },
    ],
  },
});
