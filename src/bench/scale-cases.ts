import { scenarioOptions, type Flags } from "../cli/flags.js";
import { resolve } from "../cli/resolve.js";
import type { Policy } from "../policy/policy.js";
import { summary } from "../serve/outcome-of.js";
import { scenario } from "../serve/scenario.js";
import { serve } from "../serve/serve.js";
import type { BenchRow } from "./cases.js";
import { runCommand } from "./command.js";

const ENGINE = { model: "llama-3.1-8b", hardware: "h100-sxm" };

/** A fleet at two requests a second and replica, which each serves without a queue. */
export function fleet(requests: number, replicas: number): Flags {
  return {
    ...ENGINE,
    workload: "reasoning-production",
    replicas: String(replicas),
    router: "least-outstanding",
    "request-rate": String(2 * replicas),
    "num-requests": String(requests),
  };
}

/** A recorded log as it is, on eight replicas. */
export function recordedLog(path: string): Flags {
  return { ...ENGINE, workload: path, replicas: "8" };
}

/** What one simulation and its figures take in this process, start of the process and reading of files excluded. */
export interface Cost {
  readonly requests: number;
  readonly wallSeconds: number;
  readonly cpuSeconds: number; // of all threads: compiling and collecting garbage too
}

/** Runs a scenario `rounds` times in this process; costs in order, the first of them with code that V8 compiles in it. */
export async function costs(flags: Flags, rounds: number): Promise<readonly Cost[]> {
  const options = await scenarioOptions(flags);
  const resolved = await resolve(options);
  const policy = resolved.policies[0] as Policy;
  const { model, profile, workload } = resolved;
  return Array.from({ length: rounds }, () => {
    const cpu = process.cpuUsage();
    const started = performance.now();
    const built = scenario({ ...options, policy: policy.name }, { model, profile, workload, policy });
    const result = serve(built);
    summary(built, result, "bench");
    const { user, system } = process.cpuUsage(cpu);
    const wallSeconds = (performance.now() - started) / 1000;
    return { requests: result.requests.length, wallSeconds, cpuSeconds: (user + system) / 1e6 };
  });
}

export interface ScaleSizes {
  readonly log: string | undefined; // path of a request log
  readonly rounds: number; // of the log, after as many in which V8 compiles
  readonly fleet: number; // requests on 256 replicas
  readonly sizes: readonly number[]; // requests on 8 replicas, ascending
}

export const MILLION: Omit<ScaleSizes, "log"> = { rounds: 7, fleet: 1_000_000, sizes: [1e3, 1e4, 1e5, 1e6] };

/** All cases, measured. The peer's figure: AISimulate on the hour of Mooncake. */
export async function scaleRows({ log, rounds, fleet: requests, sizes }: ScaleSizes): Promise<readonly BenchRow[]> {
  const rows: BenchRow[] = [];
  if (log !== undefined) rows.push(logRow(await costs(recordedLog(log), 2 * rounds)));
  const args = Object.entries(fleet(requests, 256)).flatMap(([name, value]) => [`--${name}`, String(value)]);
  const { wallSeconds, cpuSeconds, peakMegabytes } = runCommand(["serve", ...args, "--json"]);
  rows.push({
    name: `${requests} requests of reasoning-production on 256 replicas, least outstanding`,
    ours: `${wallSeconds.toFixed(1)} s, ${cpuSeconds.toFixed(1)} CPU-s, ${peakMegabytes.toFixed(0)} MB`,
    target: "30 s, 1000 MB",
    met: wallSeconds < 30 && peakMegabytes < 1000,
    peer: "-",
  });
  rows.push(flatRow(await costBySize(sizes)));
  return rows;
}

/** Time on the clock counts, as for the peer; CPU time, of V8's other threads too, stands beside it for busy machines. */
function logRow(all: readonly Cost[]): BenchRow {
  const each = (requests: number, seconds: number): string => Math.round(requests / seconds).toLocaleString("en-US");
  const rate = ({ requests, wallSeconds, cpuSeconds }: Cost): string =>
    `${each(requests, wallSeconds)} requests/s (${each(requests, cpuSeconds)} a CPU-s)`;
  const later = all.slice(all.length >> 1).sort((a, b) => a.wallSeconds - b.wallSeconds);
  const warm = later[later.length >> 1] as Cost;
  return {
    name: `${warm.requests} requests of the log on 8 replicas`,
    ours: `${rate(warm)}, median of ${later.length} rounds after as many; ${rate(all[0] as Cost)} in the first`,
    target: "100,000 requests/s",
    met: warm.requests / warm.wallSeconds > 100_000,
    peer: "9,800 requests/s",
  };
}

/**
 * Microseconds a request by size: the mean over rounds, as many as give each size the same number of requests, so that
 * compiling and collecting garbage weigh alike. Each is preceded by rounds that do not count, a tenth of the requests in all.
 */
export async function costBySize(sizes: readonly number[]): Promise<ReadonlyMap<number, number>> {
  const largest = sizes.at(-1) ?? 1;
  const found = new Map<number, number>();
  for (const size of sizes) {
    const warmUp = Math.min(size, Math.ceil(largest / 10));
    await costs(fleet(warmUp, 8), Math.ceil(largest / 10 / warmUp));
    const all = await costs(fleet(size, 8), Math.max(1, Math.round(largest / size)));
    const seconds = all.reduce((sum, cost) => sum + cost.wallSeconds, 0);
    found.set(size, (seconds / (size * all.length)) * 1e6);
  }
  return found;
}

function flatRow(bySize: ReadonlyMap<number, number>): BenchRow {
  const values = [...bySize.values()];
  const spread = Math.max(...values) / Math.min(...values) - 1;
  const each = [...bySize].map(([size, cost]) => `${size}: ${cost.toFixed(1)}`).join(", ");
  return {
    name: "microseconds a request by their number, 8 replicas, in a process that has run for a while",
    ours: `${each}; spread ${(100 * spread).toFixed(0)} %`,
    target: "20 %",
    met: spread <= 0.2,
    peer: "-",
  };
}
