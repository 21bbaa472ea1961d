import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { TILE } from "../attention/row-kernel.js";
import { makeKernel } from "../replay/replay.js";
import { cpuMilliseconds } from "./cpu.js";

/** Dot products of so many queries with so many keys. */
export interface DotShape {
  readonly rows: number;
  readonly positions: number;
  readonly headDim: number;
}

/** GFLOP/s of CPU time of the kernel that replays use. */
export function kernelGflops({ rows, positions, headDim }: DotShape, seconds: number): number {
  const kernel = makeKernel();
  const queries = kernel.floats(rows * headDim).map((_, i) => (i % 13) / 13);
  const [q, keys] = [kernel.floats(rows * headDim), kernel.floats(positions * headDim).fill(0.5)];
  q.set(queries);
  const out = kernel.floats(rows * positions);
  const once = (): void => kernel.dots(q, rows, headDim, keys, 0, positions / TILE, 1, out, positions);
  once();
  let done = 0;
  const start = cpuMilliseconds();
  let spent = 0;
  for (; spent < 1000 * seconds; spent = cpuMilliseconds() - start, done++) once();
  return (2 * rows * positions * headDim * done) / spent / 1e6;
}

/** The same of plain C, compiled for this machine: keys as recorded, and transposed. Undefined without a compiler. */
export function cGflops(
  { rows, positions, headDim }: DotShape,
  seconds: number,
): { readonly recorded: number; readonly transposed: number } | undefined {
  const folder = mkdtempSync(join(tmpdir(), "raas-sim-bench-"));
  try {
    const program = join(folder, "dot-products");
    const source = fileURLToPath(new URL("../../src/bench/dot-products.c", import.meta.url));
    const made = spawnSync("gcc", ["-O3", "-march=native", "-o", program, source]);
    if (made.status !== 0) return undefined;
    const ran = spawnSync(program, [rows, positions, headDim, seconds].map(String), { encoding: "utf8" });
    const [recorded = NaN, transposed = NaN] = ran.stdout.split("\n").map(Number);
    return { recorded, transposed };
  } finally {
    rmSync(folder, { recursive: true });
  }
}
