import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { defineConfig } from "vitest/config";
import type { Reporter } from "vitest/reporters";

/** Tests of the addon need it built; `.ci/run` builds it before. */
const NATIVE = existsSync(
  process.env["RAAS_SIM_NATIVE"] ?? fileURLToPath(new URL("../build/native/raas.node", import.meta.url)),
);

/** One closing line that any reader of a log understands. */
const closingLine: Reporter = {
  onTestRunEnd(modules) {
    const tests = modules.flatMap((module) => [...module.children.allTests()]);
    const count = (state: string): number => tests.filter((test) => test.result().state === state).length;
    if (!NATIVE) process.stdout.write("\nthe addon is not built (npm run build:native): its tests are left out\n");
    process.stdout.write(`\n${count("passed")} passed, ${count("failed")} failed, ${count("skipped")} skipped\n`);
  },
};

export default defineConfig({
  cacheDir: "../node_modules/.vite",
  test: {
    reporters: ["default", closingLine],
    root: import.meta.dirname,
    include: ["**/*.test.ts"],
    exclude: NATIVE ? [] : ["**/*.native.test.ts"],
    testTimeout: 60_000,
    hookTimeout: 60_000,
    pool: "threads",
  },
});
