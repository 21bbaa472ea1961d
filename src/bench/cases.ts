import { medianOf, type Measured } from "./command.js";

/** One line of the benchmark table. */
export interface BenchRow {
  readonly name: string;
  readonly ours: string;
  readonly target: string;
  readonly met: boolean;
  readonly peer: string;
}

const BASE = [
  "serve",
  "--model",
  "llama-3.1-8b",
  "--hardware",
  "h100-sxm",
  "--input-len",
  "512",
  "--output-len",
  "4096",
];

/** All cases at `requests` requests; targets hold at 10,000. The peer's figures: BLIS 0.7.15, the same load. */
export function benchRows(requests: number, runs: number): readonly BenchRow[] {
  const at = (rate: number, ...more: string[]): Measured =>
    medianOf(runs, [...BASE, "--num-requests", String(requests), "--request-rate", String(rate), "--json", ...more]);
  const load = at(1);
  const overload = at(10);
  const slow = medianOf(1, [
    ...BASE,
    "--num-requests",
    String(requests),
    "--request-rate",
    "1",
    "--json",
    "--step-by-step",
  ]);
  const start = medianOf(runs, [
    "serve",
    "--model",
    "llama-3.1-8b",
    "--hardware",
    "h100-sxm",
    "--input-len",
    "64",
    "--output-len",
    "64",
    "--num-requests",
    "8",
    "--request-rate",
    "1",
  ]);
  const fast = JSON.parse(load.output) as Record<string, unknown>;
  const steps = JSON.parse(slow.output) as Record<string, unknown>;
  const ratio = Number(steps["runs"]) / Number(fast["runs"]);
  const equal = sameFigures(fast, steps);
  return [
    row(`${requests} requests of 512 + 4,096 tokens, 1 request/s`, load, 0.5, 200, "121 CPU-s, 2.7 GiB"),
    row("the same at 10 requests/s (overload)", overload, 1.5, Infinity, "148 CPU-s"),
    {
      name: "fast-forward against step by step, first case",
      ours: `${ratio.toFixed(1)} times fewer runs, ${(slow.cpuSeconds / load.cpuSeconds).toFixed(1)} times less CPU, results ${equal ? "equal" : "DIFFER"}`,
      target: "30 times fewer runs, equal results",
      met: ratio >= 30 && equal,
      peer: "no peer merges iterations",
    },
    {
      name: "start of the command to the end of a small scenario",
      ours: `${start.wallSeconds.toFixed(2)} s`,
      target: "0.4 s",
      met: start.wallSeconds < 0.4,
      peer: "-",
    },
  ];
}

function row(name: string, measured: Measured, cpu: number, megabytes: number, peer: string): BenchRow {
  return {
    name,
    ours: `${measured.cpuSeconds.toFixed(2)} CPU-s, ${measured.peakMegabytes.toFixed(0)} MB`,
    target: `${cpu} CPU-s${megabytes === Infinity ? "" : `, ${megabytes} MB`}`,
    met: measured.cpuSeconds < cpu && measured.peakMegabytes < megabytes,
    peer,
  };
}

/** Every figure but the number of runs and the flag itself. */
function sameFigures(a: Record<string, unknown>, b: Record<string, unknown>): boolean {
  return Object.keys(a).every((key) => key === "runs" || key === "scenario" || roughly(a[key], b[key]));
}

/** Equal, but for the last digits of a standard deviation, whose sum of squares is not exact in any order. */
function roughly(a: unknown, b: unknown): boolean {
  if (typeof a === "number" && typeof b === "number") return Math.abs(a - b) <= 1e-9 * Math.abs(a);
  return JSON.stringify(a) === JSON.stringify(b);
}
