import { closeSync, mkdtempSync, openSync, rmSync, writeSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { BenchRow } from "./cases.js";
import { runCommand } from "./command.js";

const ROWS_AN_HOUR = 19_366; // as many as Azure's conversation hour of 2023 has

/** Rows of an Azure-like hour, over and over, a block of text an hour: as wide as the published ones. */
export function* azureHours(rows: number): Generator<string> {
  yield "TIMESTAMP,ContextTokens,GeneratedTokens\n";
  const minutes = Array.from({ length: ROWS_AN_HOUR }, (_, i) => {
    const ticks = Math.floor((i * 3600e7) / ROWS_AN_HOUR);
    const second = Math.floor(ticks / 1e7);
    const clock = [Math.floor(second / 60), second % 60].map((part) => String(part).padStart(2, "0")).join(":");
    return `:${clock}.${String(ticks % 1e7).padStart(7, "0")},${20 + ((i * 7919) % 4000)},${1 + ((i * 104_729) % 600)}\n`;
  });
  for (let done = 0, hour = 0; done < rows; done += ROWS_AN_HOUR, hour++) {
    const at = new Date(Date.UTC(2023, 10, 16, hour)).toISOString().slice(0, 13).replace("T", " ");
    yield minutes
      .slice(0, rows - done)
      .map((rest) => at + rest)
      .join("");
  }
}

/** Importing `rows` rows of Azure CSV to columns, statistics printed; the file is made first and removed at the end. */
export function importRow(rows: number): BenchRow {
  const folder = mkdtempSync(join(tmpdir(), "raas-sim-bench-"));
  try {
    const path = join(folder, "azure.csv");
    const file = openSync(path, "w");
    for (const block of azureHours(rows)) writeSync(file, block);
    closeSync(file);
    const { cpuSeconds, peakMegabytes, output } = runCommand(["workload", "info", path, "--json"]);
    const { requests } = JSON.parse(output) as { requests: number };
    return {
      name: `import of ${rows.toLocaleString("en-US")} rows of Azure CSV, with statistics`,
      ours: `${cpuSeconds.toFixed(1)} CPU-s, ${peakMegabytes.toFixed(0)} MB`,
      target: "10 CPU-s, 1000 MB for 10,000,000 rows",
      met: requests === rows && cpuSeconds < 10 && peakMegabytes < 1000,
      peer: "-",
    };
  } finally {
    rmSync(folder, { recursive: true });
  }
}
