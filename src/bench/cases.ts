import type { Flags } from "../cli/flags.js";
import { medianOf, type Measured } from "./command.js";

/** One line of the benchmark table. */
export interface BenchRow {
  readonly name: string;
  readonly ours: string;
  readonly target: string;
  readonly met: boolean;
  readonly peer: string;
}

/** Options of each case at `requests` requests; the targets hold at 10,000. */
export function benchCases(requests: number): Readonly<Record<"load" | "overload" | "stepByStep" | "start", Flags>> {
  // As many sequences as the peer ran with, whatever the newest engine takes.
  const base = { model: "llama-3.1-8b", hardware: "h100-sxm", "max-num-seqs": "256" };
  const long = { ...base, "input-len": "512", "output-len": "4096", "num-requests": String(requests) };
  const load = { ...long, "request-rate": "1" };
  return {
    load,
    overload: { ...long, "request-rate": "10" },
    stepByStep: { ...load, "step-by-step": true },
    start: { ...base, "input-len": "64", "output-len": "64", "num-requests": "8", "request-rate": "1" },
  };
}

function measure(flags: Flags, runs: number): Measured {
  const args = Object.entries(flags).flatMap(([name, value]) =>
    value === true ? [`--${name}`] : [`--${name}`, String(value)],
  );
  return medianOf(runs, ["serve", ...args, "--json"]);
}

/** All cases, measured. The peer's figures: BLIS 0.7.15, the same load. */
export function benchRows(requests: number, runs: number): readonly BenchRow[] {
  const cases = benchCases(requests);
  const load = measure(cases.load, runs);
  const overload = measure(cases.overload, runs);
  const slow = measure(cases.stepByStep, 1);
  const start = measure(cases.start, runs);
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
export function sameFigures(a: Readonly<Record<string, unknown>>, b: Readonly<Record<string, unknown>>): boolean {
  return Object.keys(a).every((key) => key === "runs" || key === "scenario" || roughly(a[key], b[key]));
}

/** Equal, but for the last digits of a standard deviation, whose sum of squares is not exact in any order. */
function roughly(a: unknown, b: unknown): boolean {
  if (typeof a === "number" && typeof b === "number") return Math.abs(a - b) <= 1e-9 * Math.abs(a);
  return JSON.stringify(a) === JSON.stringify(b);
}
