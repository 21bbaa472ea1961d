import { build } from "esbuild";
import { fileURLToPath } from "node:url";

/**
 * Part of `npm run build`: the command in a few files instead of some four hundred. Reading and compiling modules one by
 * one was two fifths of the time of a small simulation. Chart libraries stay outside: they are loaded only for reports.
 */
const dist = fileURLToPath(new URL("../", import.meta.url));

await build({
  entryPoints: [`${dist}cli/main.js`],
  outdir: `${dist}bin`,
  bundle: true,
  splitting: true,
  platform: "node",
  format: "esm",
  target: "node20",
  external: ["vega", "vega-lite", "vega-interpreter", "@resvg/resvg-js"],
  // CommonJS dependencies inside an ES module need a require of their own.
  banner: {
    js: 'import { createRequire as makeRequire } from "node:module"; const require = makeRequire(import.meta.url);',
  },
  legalComments: "linked",
  logLevel: "warning",
});
