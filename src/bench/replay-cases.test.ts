import { expect, test } from "vitest";
import { planReplay } from "../replay/plan.js";
import { replay } from "../replay/replay.js";
import { resolvePolicies } from "../cli/resolve.js";
import { memorySource } from "../trace/byte-source.js";
import { openTrace } from "../trace/open-trace.js";
import { preferring, traceFile } from "../trace/write-trace.js";
import { addedTime } from "./added-time.js";
import { cGflops, kernelGflops } from "./dot-products.js";
import { madeTrace } from "./made-trace.js";

/** The benchmark of replays at a small size and in this process: what it does must hold, however long it takes. */

const SHAPE = { layers: 2, kvHeads: 2, queryHeads: 4, headDim: 16, promptTokens: 40, totalTokens: 130 };

test("the made-up trace is white noise, the same however it is asked for", () => {
  const trace = madeTrace(SHAPE);
  const keys = trace.keys(1, 0, 130);
  expect([...trace.keys(1, 7, 9)]).toEqual([...keys.subarray(7 * 32, 9 * 32)]);
  const mean = keys.reduce((sum, x) => sum + x, 0) / keys.length;
  const square = keys.reduce((sum, x) => sum + x * x, 0) / keys.length;
  expect(Math.abs(mean)).toBeLessThan(0.05);
  expect(Math.abs(square - 1)).toBeLessThan(0.1);
  expect([...trace.values(1, 0, 130)]).not.toEqual([...keys]);
  expect([...trace.keys(0, 0, 130)]).not.toEqual([...keys]);
});

test("written to a file it replays as it does in memory, but for the rounding of f16", async () => {
  const trace = madeTrace(SHAPE);
  const { size, blocks } = traceFile(trace, preferring("F16"));
  const bytes = new Uint8Array(size);
  let at = 0;
  for (const block of blocks) {
    bytes.set(block, at);
    at += block.length;
  }
  const policies = await resolvePolicies("streaming-llm:budget=64");
  const [made, read] = [trace, openTrace(memorySource(bytes))].map((each) => replay(each, policies).policies[0]);
  expect(read?.heldTokens).toEqual(made?.heldTokens);
  expect(read?.recall.mean).toBeCloseTo(made?.recall.mean as number, 3);
});

test("the times that are compared are of the same work", async () => {
  const policies = await resolvePolicies("h2o:budget=64,streaming-llm:budget=64");
  const trace = madeTrace(SHAPE);
  expect(planReplay(trace, policies, {}).tasks).toHaveLength(4);
  const { scores, replay: whole } = addedTime(trace, policies, true, 1);
  for (const time of [scores, whole]) expect(time).toBeGreaterThan(0);
});

test("dot products are counted, in C too where there is a compiler", () => {
  const shape = { rows: 8, positions: 64, headDim: 16 };
  expect(kernelGflops(shape, 0.01)).toBeGreaterThan(0);
  const c = cGflops(shape, 0.01);
  if (c === undefined) return; // said in the benchmark's table
  expect(c.recorded).toBeGreaterThan(0);
  expect(c.transposed).toBeGreaterThan(0);
});
