import { closeSync, mkdtempSync, openSync, rmSync, writeSync } from "node:fs";
import { availableParallelism, tmpdir } from "node:os";
import { join } from "node:path";
import { resolvePolicies } from "../cli/resolve.js";
import { preferring, traceFile } from "../trace/write-trace.js";
import { addedTime } from "./added-time.js";
import type { BenchRow } from "./cases.js";
import { runCommand } from "./command.js";
import { cGflops, kernelGflops, type DotShape } from "./dot-products.js";
import { madeTrace, type MadeShape } from "./made-trace.js";

/** Sizes of the replay cases; the targets hold at FULL. */
export interface ReplaySizes {
  readonly dots: DotShape;
  readonly secondsOfDots: number;
  readonly shared: MadeShape;
  readonly rounds: number;
  readonly long: MadeShape;
}

const SMOLLM = { layers: 1, kvHeads: 3, queryHeads: 9, headDim: 64 };
const LLAMA = { layers: 2, kvHeads: 8, queryHeads: 32, headDim: 128 };

export const FULL: ReplaySizes = {
  dots: { rows: 96, positions: 4096, headDim: 64 },
  secondsOfDots: 1,
  shared: { ...SMOLLM, promptTokens: 128, totalTokens: 4096 },
  rounds: 5,
  long: { ...LLAMA, promptTokens: 40_900, totalTokens: 41_000 },
};

const TWENTY = ["raas", "quest", "h2o", "streaming-llm"].map(
  (name) => `${name}:budget=64|128|256|512|1024,denseLayers=0`,
);

/** All cases, measured. */
export async function replayRows(sizes: ReplaySizes): Promise<readonly BenchRow[]> {
  return [dotRow(sizes), ...(await sharedRows(sizes)), memoryRow(sizes), coresRow()];
}

function dotRow({ dots, secondsOfDots }: ReplaySizes): BenchRow {
  const ours = kernelGflops(dots, secondsOfDots);
  const c = cGflops(dots, secondsOfDots);
  const best = c === undefined ? NaN : Math.max(c.recorded, c.transposed);
  return {
    name: `dot products, ${dots.rows} queries on ${dots.positions} keys of ${dots.headDim}`,
    ours: `${ours.toFixed(1)} GFLOP/s${c === undefined ? "" : `, ${(ours / best).toFixed(2)} of C`}`,
    target: "half of plain C, -O3 -march=native",
    met: c === undefined || ours >= best / 2,
    peer:
      c === undefined
        ? "no gcc here"
        : `C ${c.recorded.toFixed(1)} GFLOP/s, keys transposed ${c.transposed.toFixed(1)} GFLOP/s`,
  };
}

async function sharedRows({ shared, rounds }: ReplaySizes): Promise<readonly BenchRow[]> {
  const trace = madeTrace(shared);
  const policies = await resolvePolicies(TWENTY);
  const added = (outputError: boolean): { readonly share: number; readonly text: string } => {
    const { scores, replay } = addedTime(trace, policies, outputError, rounds);
    const share = (replay - scores) / scores;
    return { share, text: `add ${share.toFixed(2)} of the scores' ${scores.toFixed(0)} ms` };
  };
  const [plain, withOutputs] = [added(false), added(true)];
  return [
    {
      name: `20 policies on ${shared.totalTokens} tokens, ${shared.kvHeads} KV heads`,
      ours: plain.text,
      target: "less than 1.00",
      met: plain.share < 1,
      peer: "-",
    },
    { name: "the same with output errors", ours: withOutputs.text, target: "none", met: true, peer: "-" },
  ];
}

function memoryRow({ long }: ReplaySizes): BenchRow {
  const folder = mkdtempSync(join(tmpdir(), "raas-sim-bench-"));
  try {
    const path = join(folder, "long.attn.safetensors");
    const { size, blocks } = traceFile(madeTrace(long), preferring("F16"));
    const file = openSync(path, "w");
    for (const block of blocks) writeSync(file, block);
    closeSync(file);
    const policies = "dense,streaming-llm:budget=1024,raas:budget=1024,quest:budget=1024";
    const { peakMegabytes, cpuSeconds } = runCommand(["replay", path, "--policy", policies, "--json"]);
    return {
      name: `replay of a trace of ${(size / 1e9).toFixed(2)} GB, ${long.totalTokens} tokens`,
      ours: `${peakMegabytes.toFixed(0)} MB, ${cpuSeconds.toFixed(0)} CPU-s`,
      target: "300 MB",
      met: peakMegabytes < 300,
      peer: "-",
    };
  } finally {
    rmSync(folder, { recursive: true });
  }
}

function coresRow(): BenchRow {
  const cores = availableParallelism();
  const run = (workers: number): ReturnType<typeof runCommand> =>
    runCommand([
      "replay",
      "bakery-2.2k",
      ...TWENTY.flatMap((text) => ["--policy", text]),
      "--json",
      "--workers",
      String(workers),
    ]);
  const [one, all] = [run(1), run(cores)];
  const equal = one.output === all.output;
  return {
    name: `bakery-2.2k, 20 policies, 1 thread and ${cores}`,
    ours: `${one.wallSeconds.toFixed(1)} s and ${all.wallSeconds.toFixed(1)} s, ${(one.wallSeconds / all.wallSeconds).toFixed(2)} times as fast; results ${equal ? "equal" : "DIFFER"}`,
    target: "all cores, equal results",
    met: equal,
    peer: "-",
  };
}
