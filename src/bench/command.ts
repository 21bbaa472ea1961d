import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";

/** What one run of the command line took, start of the process included. */
export interface Measured {
  readonly cpuSeconds: number;
  readonly wallSeconds: number;
  readonly peakMegabytes: number;
  readonly output: string;
}

/** Runs raas-sim as a user would, in a process of its own. */
export function runCommand(args: readonly string[]): Measured {
  const main = fileURLToPath(new URL("../bin/main.js", import.meta.url));
  const usage = new URL("usage.js", import.meta.url).href;
  const started = performance.now();
  const child = spawnSync(process.execPath, ["--import", usage, main, ...args], {
    stdio: ["ignore", "pipe", "pipe", "pipe"],
    encoding: "utf8",
    maxBuffer: 1 << 28,
  });
  const wallSeconds = (performance.now() - started) / 1000;
  if (child.status !== 0) throw new Error(`raas-sim ${args.join(" ")} ended with ${child.status}: ${child.stderr}`);
  const used = JSON.parse(child.output[3] ?? "") as { cpuSeconds: number; peakMegabytes: number };
  return { ...used, wallSeconds, output: child.stdout };
}

/** The run with the median CPU time. */
export function medianOf(runs: number, args: readonly string[]): Measured {
  const all = Array.from({ length: runs }, () => runCommand(args)).sort((a, b) => a.cpuSeconds - b.cpuSeconds);
  return all[runs >> 1] as Measured;
}
