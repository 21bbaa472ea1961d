import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";

/** The two scripts that a report page carries to draw its charts. */
export interface Runtime {
  readonly vega: string; // defines the global `vega`
  readonly interpreter: string; // an ES module
}

/** Reads both from the installed packages; the minified vega is no export, so it is found beside the one that is. */
export function readRuntime(): Runtime {
  const { resolve } = createRequire(import.meta.url);
  return {
    vega: readFileSync(join(dirname(resolve("vega")), "vega.min.js"), "utf8"),
    interpreter: readFileSync(resolve("vega-interpreter"), "utf8"),
  };
}
