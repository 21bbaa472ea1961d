import { drawnShapes } from "../calibrate/drawn-shapes.js";
import type { Sizes } from "../calibrate/kernel-runner.js";
import { measure, sizesText } from "../calibrate/measure.js";
import { nativeRunner } from "../calibrate/native-runner.js";
import { stream } from "../core/rng.js";
import { readFileSync } from "node:fs";

/**
 * node dist/bench/gpu.js check [SHAPES]: every CUDA kernel against its reference on random small shapes.
 * node dist/bench/gpu.js targets [TORCH.json]: the rates that the kernels should reach on a GPU, beside PyTorch's on the
 * same shapes as torch-times.py wrote them. Exit code 1 where one is not met. gpu-check.sh runs both.
 */

const SEED = 74;
const runner = nativeRunner("cuda");

async function check(count: number): Promise<void> {
  let wrong = 0;
  for (const kernel of runner.kernels.filter(({ backends }) => backends.includes("cuda"))) {
    const shapes = drawnShapes(runner, kernel, stream(SEED, kernel.name), count);
    let worst = 0;
    for (const [i, shape] of shapes.entries()) {
      try {
        const open = await runner.open(kernel.name, shape, SEED + i, 1);
        const { relativeError } = await open.check();
        await open.close();
        if (relativeError <= 1e-2) worst = Math.max(worst, relativeError);
        else throw new Error(`relative error ${relativeError}`);
      } catch (cause) {
        wrong++;
        process.stdout.write(`${kernel.name} ${sizesText(shape)}: ${(cause as Error).message}\n`);
      }
    }
    process.stdout.write(`${kernel.name}: worst relative error ${worst.toExponential(1)} of ${count} shapes\n`);
  }
  if (wrong > 0) process.exitCode = 1;
}

const HEADS = { queryHeads: 32, kvHeads: 8, headDim: 128 } as const;
const CACHE = { kvFormat: 0, scattered: 1, ragged: 0 } as const;

async function seconds(
  kernel: string,
  sizes: Sizes,
): Promise<{ readonly seconds: number; readonly bytes: number; readonly flops: number }> {
  const { work, ...measured } = await measure(
    runner,
    { kernel, sizes },
    { seed: SEED, statistic: "median", intervalPercent: 1, capSeconds: 2, setsBytes: 2 * runner.device.cacheBytes },
  );
  return { seconds: measured.seconds, bytes: work.bytes, flops: work.flops };
}

interface Row {
  readonly name: string;
  readonly ours: number; // seconds
  readonly torch: number | undefined; // seconds
  readonly figure: string;
  readonly target: string;
  readonly met: boolean;
}

const percent = (share: number): string => `${(100 * share).toFixed(1)} %`;

/** The key is that of torch-times.py for the same shape. */
async function rows(torch: Readonly<Record<string, number>>): Promise<readonly Row[]> {
  const all: Row[] = [];
  const add = (key: string, ours: number, figure: string, target: string, met: boolean): void => {
    all.push({ name: key, ours, torch: torch[key], figure, target, met });
  };
  const copy = await seconds("copy", { bytes: 2 ** 30 });
  const bandwidth = copy.bytes / copy.seconds;
  add("copy 1 GiB", copy.seconds, `${(bandwidth * 1e-12).toFixed(2)} TB/s`, "", true);
  const gemm = await seconds("gemm", { m: 8192, n: 8192, k: 8192 });
  const rate = gemm.flops / gemm.seconds;
  add("gemm 8192", gemm.seconds, `${(rate * 1e-12).toFixed(0)} TFLOP/s`, "", true);
  const dense = new Map<number, number>();
  for (const sequences of [1, 8, 32, 128]) {
    const shape = { sequences, context: 32768, ...HEADS };
    const key = (what: string): string => `${what} ${sequences} x 32768`;
    const decode = await seconds("decode-attention", { ...shape, ...CACHE });
    dense.set(sequences, decode.seconds);
    const share = decode.bytes / decode.seconds / bandwidth;
    const other = torch[key("decode")];
    const large = decode.bytes >= 256e6;
    add(
      key("decode"),
      decode.seconds,
      `${percent(share)} of copy`,
      large ? ">= 88 %, <= PyTorch" : "",
      !large || (share >= 0.88 && (other === undefined || decode.seconds <= other)),
    );
    const scores = await seconds("page-scores", { ...shape, scattered: 1, ragged: 0 });
    const scoring = scores.bytes / scores.seconds / bandwidth;
    const much = scores.bytes >= 64e6; // less is launch-bound
    add(
      key("page scores"),
      scores.seconds,
      `${percent(scoring)} of copy`,
      much ? ">= 80 %" : "",
      !much || scoring >= 0.8,
    );
    const raas = await seconds("raas-step", { ...shape, budget: 1024, prompt: 128, scattered: 1 });
    const times = decode.seconds / raas.seconds;
    add(key("raas 1024"), raas.seconds, `${times.toFixed(1)} x faster than decode`, ">= 8 x", times >= 8);
  }
  const prefill = await seconds("prefill-attention", { sequences: 1, tokens: 8192, context: 0, ...HEADS, ...CACHE });
  const share = prefill.flops / prefill.seconds / rate;
  add("prefill 8192", prefill.seconds, `${percent(share)} of gemm`, ">= 60 %", share >= 0.6);
  return all;
}

async function targets(path: string | undefined): Promise<void> {
  const torch = path === undefined ? {} : (JSON.parse(readFileSync(path, "utf8")) as Record<string, number>);
  const time = (value: number | undefined): string => (value === undefined ? "" : `${(1e6 * value).toFixed(1)} us`);
  const lines = (await rows(torch)).map(({ name, ours, torch: other, figure, target, met }) => {
    if (!met) process.exitCode = 1;
    return [name, time(ours), time(other), figure, target, target === "" ? "" : met ? "met" : "NOT MET"];
  });
  process.stdout.write(`${runner.device.name}, driver ${runner.device.driver}, ${runner.device.toolkit}\n`);
  for (const cells of [["", "ours", "PyTorch", "rate", "target", ""], ...lines]) {
    process.stdout.write(
      `${cells.map((cell, i) => cell.padEnd([24, 14, 14, 30, 22, 8][i] ?? 0)).join("")}\n`.trimEnd() + "\n",
    );
  }
}

const [what, argument] = process.argv.slice(2);
if (what === "check") await check(Number(argument ?? 20));
else await targets(argument);
