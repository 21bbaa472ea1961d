import { spawnSync } from "node:child_process";
import { readFileSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { BenchRow } from "./cases.js";

const PACKAGE = new URL("../../", import.meta.url);
const MOST_SECONDS = 1800;

interface Report {
  readonly success: boolean;
  readonly numTotalTests: number;
  readonly numPassedTests: number;
}

/** The importers' fuzz tests (workload/fuzz-log.test.ts, cli/fuzz-parquet.test.ts) with so many damaged inputs of each sample and kind. */
export function fuzzRow(runs: number): BenchRow {
  const folder = mkdtempSync(join(tmpdir(), "raas-sim-bench-"));
  try {
    const output = join(folder, "report.json");
    const vitest = fileURLToPath(new URL("node_modules/vitest/vitest.mjs", PACKAGE));
    const started = performance.now();
    const child = spawnSync(
      process.execPath,
      [
        vitest,
        "run",
        "--config",
        fileURLToPath(new URL("src/vitest.config.ts", PACKAGE)),
        "workload/fuzz-log",
        "cli/fuzz-parquet",
        "--reporter=json",
        `--outputFile=${output}`,
        `--testTimeout=${MOST_SECONDS * 1000}`,
      ],
      {
        env: { ...process.env, RAAS_SIM_FUZZ_RUNS: String(runs) },
        stdio: ["ignore", "ignore", "pipe"],
        encoding: "utf8",
        timeout: MOST_SECONDS * 1000,
      },
    );
    if (child.status === null) {
      const why = child.error?.message ?? `ended by ${child.signal ?? "nobody knows what"}`;
      throw new Error(`fuzzing, of ${MOST_SECONDS} s at most: ${why}; ${child.stderr.slice(-2000)}`);
    }
    const { success, numTotalTests, numPassedTests } = JSON.parse(readFileSync(output, "utf8")) as Report;
    const seconds = (performance.now() - started) / 1000;
    return {
      name: `${(runs * numTotalTests).toLocaleString("en-US")} damaged request logs, ${runs.toLocaleString("en-US")} of each sample`,
      ours: `${numPassedTests} of ${numTotalTests} kinds pass, ${seconds.toFixed(0)} s`,
      target: "each refused by name or read soundly",
      met: success && numTotalTests > 0,
      peer: "-",
    };
  } finally {
    rmSync(folder, { recursive: true });
  }
}
