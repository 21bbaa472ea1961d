import { describe, expect, test } from "vitest";
import { InputError } from "../core/check.js";
import { stream } from "../core/rng.js";
import { MODELS } from "../model/shapes.js";
import { drawnShapes } from "./drawn-shapes.js";
import { grid } from "./grid.js";
import type { Backend } from "./kernel-runner.js";
import { sizesText } from "./measure.js";
import { loadAddon, nativeRunner, openKernel } from "./native-runner.js";
import { sampleOf } from "./sample-of.js";

/** The built addon: every kernel against its reference in double, on random small shapes; the seed is in the message. */

const SEED = 73;
const SHAPES = 5; // of each kernel on each backend
const addon = loadAddon();
const kernels = addon.kernels();

/** A GPU too, where there is one. */
const backends: readonly Backend[] = [
  "emulated",
  "cpu",
  ...(addon.probe().cuda.state === "ok" ? (["cuda"] as const) : []),
];
const runner = nativeRunner("cpu", addon);

for (const backend of backends) {
  describe(backend, () => {
    for (const kernel of kernels.filter(({ backends }) => backends.includes(backend))) {
      test(`${kernel.name} computes what its reference does`, async () => {
        const shapes = drawnShapes(runner, kernel, stream(SEED, `${backend} ${kernel.name}`), SHAPES);
        for (const [i, shape] of shapes.entries()) {
          const message = `${kernel.name} ${sizesText(shape)}, inputs of seed ${SEED + i}`;
          const open = await openKernel(addon, backend, kernel.name, shape, SEED + i, 1);
          try {
            const { relativeError, compared } = await open.check();
            expect(relativeError, message).toBeLessThanOrEqual(1e-2);
            if (runner.work(kernel.name, shape).setBytes > 0) expect(compared, message).toBeGreaterThan(0);
          } finally {
            await open.close();
          }
        }
      });
    }
  });
}

test("every kernel runs somewhere, is emulated if it is our own CUDA, and has a kind of sample", () => {
  expect(kernels.length).toBeGreaterThan(10);
  for (const { name, backends, sizes } of kernels) {
    const shape = Object.fromEntries(sizes.map((size) => [size, 16]));
    expect(sampleOf({ kernel: name, sizes: shape }, { bytes: 1, flops: 1, setBytes: 1 }, 1).seconds).toBe(1);
    // Where a library or the host does the work, there is nothing to emulate.
    if (!["gemm", "graph", "peer-copy", "all-reduce"].includes(name)) expect(backends, name).toContain("emulated");
  }
});

test("a short calibration of a CPU measures enough of each kernel for a fit", () => {
  const model = MODELS["r1-distill-qwen-1.5b"];
  if (model === undefined) throw new Error("no model");
  const points = grid(runner, { model, quick: true, kernels: undefined, mostBytes: 7e7, mostFlops: 1e10 });
  const measured = kernels.filter(({ backends, name }) => backends.includes("cpu") && name !== "launch"); // which has no form
  for (const { name } of measured)
    expect(points.filter(({ kernel }) => kernel === name).length, name).toBeGreaterThanOrEqual(20);
});

test("the addon says what is there, and what is not in a clear sentence", async () => {
  const { cpu, cuda } = addon.probe();
  expect(cpu.threads).toBeGreaterThanOrEqual(1);
  expect(cpu.freeBytes).toBeLessThanOrEqual(cpu.memoryBytes);
  if (cuda.state === "ok") expect(cuda.device?.multiprocessors).toBeGreaterThan(0);
  else expect(() => nativeRunner("cuda", addon)).toThrow(/--device cuda: .*--device cpu measures the CPU/);
  expect(() => runner.work("copy", { bytes: 12 })).toThrow(/copy: .*multiple of 16/);
  expect(() => runner.work("copy", {})).toThrow(/copy needs a size bytes/);
  expect(() => runner.work("copy", { bytes: 16, more: 1 })).toThrow(/copy has no size more/);
  await expect(runner.open("copy", { bytes: 2 ** 44 }, 1, 1)).rejects.toThrow(/copy: copy needs .* GB; .* GB are free/);
  await expect(runner.open("copie", { bytes: 16 }, 1, 1)).rejects.toThrow(InputError);
});

test("a kernel is timed only once it is checked, and is gone once it is closed", async () => {
  const open = await nativeRunner("cpu", addon).open("copy", { bytes: 4096 }, 1, 3);
  await expect(open.time(1, 1)).rejects.toThrow(/only once it has been checked/);
  await open.check();
  const figures = await open.time(7, 2);
  expect(figures.length).toBe(7);
  for (const seconds of figures) expect(seconds).toBeGreaterThan(0);
  await open.close();
  await expect(open.time(1, 1)).rejects.toThrow(/closed/);
  await expect(open.check()).rejects.toThrow(/closed/);
});

test("the event loop goes on while a kernel runs", async () => {
  const open = await nativeRunner("cpu", addon).open("copy", { bytes: 2 ** 22 }, 1, 1);
  await open.check();
  let turns = 0;
  const timer = setInterval(() => turns++, 1);
  await open.time(100, 10); // some hundred milliseconds
  clearInterval(timer);
  await open.close();
  expect(turns).toBeGreaterThan(2);
});

test("memory of closed kernels is free again", async () => {
  const used = async (): Promise<number> => {
    const open = await runner.open("copy", { bytes: 2 ** 26 }, 1, 2); // 256 MB with guards
    await open.check();
    await open.close();
    return process.memoryUsage.rss();
  };
  await used();
  const before = await used();
  for (let i = 0; i < 3; i++) await used();
  expect((await used()) - before).toBeLessThan(1.5e8);
});
