import { defineConfig } from "vitest/config";
import type { Reporter } from "vitest/reporters";

/** One closing line that any reader of a log understands. */
const closingLine: Reporter = {
  onTestRunEnd(modules) {
    const tests = modules.flatMap((module) => [...module.children.allTests()]);
    const count = (state: string): number => tests.filter((test) => test.result().state === state).length;
    process.stdout.write(`\n${count("passed")} passed, ${count("failed")} failed, ${count("skipped")} skipped\n`);
  },
};

export default defineConfig({
  cacheDir: "../node_modules/.vite",
  test: {
    reporters: ["default", closingLine],
    root: import.meta.dirname,
    include: ["**/*.test.ts"],
    testTimeout: 60_000,
    hookTimeout: 60_000,
    pool: "threads",
  },
});
