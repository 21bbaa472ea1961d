import { expect, test } from "vitest";
import type { RowKernel } from "../attention/row-kernel.js";
import { createPolicy, POLICIES } from "../policy/table.js";
import { randomTrace } from "../test/random-trace.js";
import { planReplay } from "./plan.js";
import { makeKernel, replay } from "./replay.js";
import { taskBytes } from "./task-bytes.js";

/** Adds up what arrays a kernel is asked for. */
function counting(): { readonly kernel: RowKernel; bytes: number } {
  const counted = { bytes: 0 };
  const plain = makeKernel("typescript");
  const kernel: RowKernel = {
    ...plain,
    floats: (length) => ((counted.bytes += 4 * length), plain.floats(length)),
    doubles: (length) => ((counted.bytes += 8 * length), plain.doubles(length)),
    indices: (length) => ((counted.bytes += 4 * length), plain.indices(length)),
  };
  return Object.assign(counted, { kernel });
}

test("the arrays of a task take what the formula says at most, and most of it", () => {
  const trace = randomTrace(1, { promptTokens: 900, steps: 24, kvHeads: 2, group: 3, headDim: 32 });
  for (const [kinds, outputError] of [
    [["quest", "streaming-llm"], true],
    [["quest"], false],
    [["tova", "h2o"], true],
    [["r-kv", "snapkv-d"], true],
  ] as const) {
    const policies = kinds.map((kind) => createPolicy(kind, POLICIES[kind], { budget: 256, denseLayers: 0 }));
    const options = { outputError, theta: 0.5, topK: 4 };
    const { tasks, settings } = planReplay(trace, policies, options);
    const bound = Math.max(...tasks.map((task) => taskBytes(trace.metadata, task, policies, settings)));
    const found: number[] = [];
    const kernels: ReturnType<typeof counting>[] = [];
    replay(trace, policies, options, {}, () => {
      const next = counting();
      kernels.push(next);
      return next.kernel;
    });
    for (const { bytes } of kernels) found.push(bytes);
    expect(Math.max(...found), kinds.join()).toBeLessThanOrEqual(bound);
    expect(Math.max(...found), kinds.join()).toBeGreaterThan(bound / 2);
  }
});

test("neither the number of layers nor the length of the file matters", () => {
  const policies = [createPolicy("raas", POLICIES.raas, {})];
  const [short, long] = [1, 3].map((layers) => {
    const trace = randomTrace(1, { promptTokens: 40, steps: 8, layers });
    const { tasks, settings } = planReplay(trace, policies, {});
    return tasks.map((task) => taskBytes(trace.metadata, task, policies, settings));
  });
  expect(new Set(long)).toEqual(new Set(short));
});
