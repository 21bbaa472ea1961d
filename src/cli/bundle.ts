import { build, type Plugin } from "esbuild";
import { fileURLToPath } from "node:url";

/**
 * Part of `npm run build`: the command in a few files instead of some four hundred. Reading and compiling modules one by
 * one was two fifths of the time of a small simulation. What only some commands load stays outside.
 */

/** zod brings its messages in some sixty languages, two thirds of its size; ours are our own. */
const withoutLocales: Plugin = {
  name: "without-locales",
  setup(bundle) {
    bundle.onLoad({ filter: /zod[\\/]v4[\\/]locales[\\/]index\.js$/ }, () => ({
      contents: "export {};",
      loader: "js",
    }));
  },
};

/**
 * yargs lays out the help of a command whenever it runs, and measures it with tables of Unicode that take 9 ms to load, a
 * tenth of a small simulation. Ours is made of characters of one column.
 */
const plainWidths: Plugin = {
  name: "plain-widths",
  setup(bundle) {
    bundle.onLoad({ filter: /node_modules[\\/]string-width[\\/]index\.js$/ }, () => ({
      contents: "export default (text) => text.length;",
      loader: "js",
    }));
  },
};

const dist = fileURLToPath(new URL("../", import.meta.url));

await build({
  entryPoints: [`${dist}cli/main.js`, `${dist}cli/replay-worker.js`, `${dist}cli/serve-worker.js`],
  outdir: `${dist}bin`,
  bundle: true,
  splitting: true,
  platform: "node",
  format: "esm",
  target: "node20",
  external: [
    "piscina",
    "vega",
    "vega-lite",
    "vega-interpreter",
    "@resvg/resvg-js",
    "yaml",
    "hyparquet-writer",
    "hyparquet",
    "hyparquet-compressors",
    "fzstd",
    "cli-table3",
  ],
  // CommonJS dependencies inside an ES module need a require of their own.
  banner: {
    js: 'import { createRequire as makeRequire } from "node:module"; const require = makeRequire(import.meta.url);',
  },
  minifyWhitespace: true,
  plugins: [withoutLocales, plainWidths],
  legalComments: "linked",
  logLevel: "warning",
});
