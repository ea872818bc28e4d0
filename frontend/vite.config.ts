import preact from "@preact/preset-vite";
import { defineConfig } from "vite";

// The built pages go into the Python package; the server gives them out under /assets.
export default defineConfig({
  plugins: [preact()],
  base: "/",
  build: { outDir: "../src/vitreous/web/static", emptyOutDir: true, target: "es2022", assetsInlineLimit: 0, modulePreload: { polyfill: false } },
  test: { environment: "node", include: ["src/**/*.test.ts"] },
} as Parameters<typeof defineConfig>[0]);
