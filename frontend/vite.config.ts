import react from "@vitejs/plugin-react";
import { defineConfig } from "vitest/config";

// The studio serves the page itself; this server is only for working on the page, and passes the rest on to a studio.
const studio = process.env.ONEWORD_STUDIO ?? "http://127.0.0.1:8000";

export default defineConfig({
  plugins: [react()],
  server: { proxy: { "/api": studio } },
  build: {
    // Nothing becomes a data: address: the page's policy takes fonts and scripts from the studio's own address only.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    target: "es2022",
  },
  test: { environment: "node", include: ["src/**/*.test.ts"] },
});
