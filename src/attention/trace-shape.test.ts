import { describe, expect, test } from "vitest";
import { naiveLogits, naiveSoftmax } from "../test/naive-attention.js";
import { randomTrace } from "../test/random-trace.js";
import type { AttentionTrace } from "../trace/attention-trace.js";
import { headKind, PHOENIX_BUDGETS } from "./head-kind.js";
import { HeadReader } from "./head-reads.js";
import { mergedTrace } from "./merged-trace.js";
import { traceShape, type TraceShape } from "./trace-shape.js";
import { typescriptKernel } from "./typescript-kernel.js";
import { wasmKernel } from "./wasm-kernel.js";

function shapeOf(trace: AttentionTrace, kernel = wasmKernel): TraceShape {
  const measuring = traceShape(trace, kernel);
  for (;;) {
    const next = measuring.next();
    if (next.done === true) return next.value;
  }
}

const P = 25;
const STEPS = 210;

/** All decode rows of a query head, by definition. */
function map(trace: AttentionTrace, layer: number, head: number): number[][] {
  return Array.from({ length: STEPS }, (_, step) => {
    const logits = naiveLogits(trace, layer, head, P + step).map((logit) => 3 * logit); // rows with few large entries
    return naiveSoftmax(logits, logits.keys());
  });
}

/** The same with the scale in the trace. */
function sharpTrace(seed: number): AttentionTrace {
  const trace = randomTrace(seed, { promptTokens: P, steps: STEPS, kvHeads: 2, group: 2, headDim: 8 });
  const { softmaxScale = 1 } = trace.metadata;
  return { ...trace, metadata: { ...trace.metadata, softmaxScale: 3 * softmaxScale } };
}

function entries(row: readonly number[], share: number): number {
  let sum = 0;
  const sorted = [...row].sort((a, b) => b - a);
  const passed = sorted.findIndex((value) => (sum += value) > share);
  return Math.max(1, passed === -1 ? sorted.length : passed);
}

const mean = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length;

/** Pauses before reads of a column, in rows; and what of its mass beyond the recent window follows a pause above 128. */
function column(rows: readonly (readonly number[])[], j: number): { pauses: number[]; before: number; after: number } {
  const pauses: number[] = [];
  let [pause, before, after] = [0, 0, 0];
  for (let i = Math.max(0, j - P); i < rows.length; i++) {
    const share = rows[i]![j]!;
    if (share < 0.01) {
      pause++;
      continue;
    }
    pauses.push(pause);
    pause = 0;
    if (P + i - j < 64) continue;
    if (Math.max(...pauses) > 128) after += share;
    else before += share;
  }
  return { pauses, before, after };
}

describe.each([1, 2, 3])("every figure of a head equals its definition (seed %i)", (seed) => {
  const trace = randomTrace(seed, { promptTokens: P, steps: STEPS, kvHeads: 2, group: 2, headDim: 8 });
  const shape = shapeOf(sharpTrace(seed));
  const maps = [0, 1, 2, 3].map((head) => map(trace, 0, head));

  test.each([0, 1, 2, 3])("head %i", (head) => {
    const rows = maps[head]!;
    const found = shape.heads[head]!;
    const counts99 = rows.map((row) => entries(row, 0.99)).sort((a, b) => a - b);
    expect(found.entries99.mean).toBeCloseTo(mean(counts99), 1); // a last digit of f32 may move one entry
    expect(Math.abs(found.entries99.p50 - counts99[STEPS / 2 - 1]!)).toBeLessThanOrEqual(1);
    expect(found.entries90.mean).toBeCloseTo(mean(rows.map((row) => entries(row, 0.9))), 1);
    const { sinks, recent, milestone, phoenix, steady, faint } = found.shares;
    expect(sinks).toBeCloseTo(mean(rows.map((row) => row.slice(0, 4).reduce((sum, value) => sum + value, 0))), 5);
    const lasts = rows.map((row) => row.slice(Math.max(4, row.length - 64)).reduce((sum, value) => sum + value, 0));
    expect(recent).toBeCloseTo(mean(lasts), 5);
    const columns = Array.from({ length: P + STEPS }, (_, j) => column(rows, j));
    const sum = (pick: (j: number) => number): number =>
      columns.reduce((total, _, j) => total + (j < 4 ? 0 : pick(j)), 0) / STEPS;
    expect(milestone).toBeCloseTo(
      sum((j) => (j < P ? 0 : columns[j]!.before)),
      4,
    );
    expect(steady).toBeCloseTo(
      sum((j) => (j < P ? columns[j]!.before : 0)),
      4,
    );
    expect(phoenix).toBeCloseTo(
      sum((j) => columns[j]!.after),
      4,
    );
    expect(sinks + recent + milestone + phoenix + steady + faint).toBeCloseTo(1, 9);
    const woken = (budget: number, to: number): number =>
      columns.slice(0, to).filter(({ pauses }) => Math.max(0, ...pauses) > budget).length;
    for (const [i, budget] of PHOENIX_BUDGETS.entries()) {
      const { all, prompt } = found.phoenixTokens[i]!;
      expect(Math.abs(all - woken(budget, P + STEPS))).toBeLessThanOrEqual(1); // a share of 0.01 to the last digit
      expect(Math.abs(prompt - woken(budget, P))).toBeLessThanOrEqual(1);
    }
    expect(woken(64, P + STEPS)).toBeGreaterThan(0);
  });

  test("recurrence", () => {
    const gaps = Array.from({ length: P + STEPS - 1 }, (_, j) => {
      let [last, longest] = [Math.max(j, P - 1), 0];
      for (let t = Math.max(j + 1, P); t < P + STEPS; t++) {
        if (!maps.some((rows) => rows[t - P]![j]! >= 1e-4)) continue;
        longest = Math.max(longest, t - last);
        last = t;
      }
      return longest;
    }).sort((a, b) => a - b);
    expect(shape.allRecurrence.recurring).toBeCloseTo(gaps.filter((gap) => gap > 0).length / gaps.length, 2);
    const at = (share: number): number => gaps[Math.ceil(share * gaps.length) - 1]!;
    expect(shape.recurrence).toEqual([{ layer: 0, ...shape.allRecurrence }]);
    expect(Math.abs(shape.allRecurrence.longestGap.p80 - at(0.8))).toBeLessThanOrEqual(1);
    expect(Math.abs(shape.allRecurrence.longestGap.p95 - at(0.95))).toBeLessThanOrEqual(1);
  });
});

test("both kernels agree, and so do merged rows computed and stored", () => {
  const trace = sharpTrace(4);
  const [slow, fast] = [shapeOf(trace, () => typescriptKernel), shapeOf(trace)];
  expect(slow.heads.map(({ kind }) => kind)).toEqual(fast.heads.map(({ kind }) => kind));
  expect(slow.entries99.mean).toBeCloseTo(fast.entries99.mean, 1);
  const options = { groupReduction: "mean", scoreCoding: "linear", pageBounds: false } as const;
  const merged = shapeOf(mergedTrace(trace, options, () => typescriptKernel));
  expect(merged.heads).toHaveLength(2);
  expect(merged.heads[0]!.shares.sinks).toBeCloseTo(mean([0, 1].map((head) => fast.heads[head]!.shares.sinks)), 5);
});

describe("kinds", () => {
  const PROMPT = 100;
  const TOTAL = 900;

  /** A head that gives a third of each row to what `reads` names, the rest to the sinks and the recent window. */
  function kindOf(reads: (position: number) => readonly number[]): ReturnType<HeadReader["reads"]> {
    const reader = new HeadReader(PROMPT, TOTAL);
    for (let position = PROMPT; position < TOTAL; position++) {
      const read = Uint32Array.from(reads(position));
      const share = read.length === 0 ? 0 : 1 / 3 / read.length;
      reader.addRow(position, 0.5, 0.5 - share * read.length, read, read.length, () => share);
    }
    return reader.reads();
  }

  test("a decoded token that is read for 200 rows and no more is a milestone", () => {
    // Every 50 rows one more; at most the last few have not faded by the end.
    const found = kindOf((t) => [t - 100, t - 150].map((j) => j - (j % 50)).filter((j) => j >= PROMPT));
    expect(found.kind).toBe("milestone");
    expect(found.shares.milestone).toBeGreaterThan(0.25);
    expect(found.shares.phoenix).toBe(0);
    expect(found.fadedShare).toBeGreaterThan(0.7);
  });

  test("a token that never fades has not faded", () => {
    const found = kindOf((t) => (t >= 200 ? [120] : []));
    expect(found).toMatchObject({ kind: "milestone", fadedShare: 0 });
  });

  test("a prompt token that is read in every 150th row is a phoenix", () => {
    const found = kindOf((t) => (t % 150 < 20 ? [40] : []));
    expect(found.kind).toBe("phoenix");
    expect(found.phoenixTokens).toEqual([
      { budget: 64, all: 1, prompt: 1 },
      { budget: 128, all: 1, prompt: 1 },
      { budget: 256, all: 0, prompt: 0 },
      { budget: 512, all: 0, prompt: 0 },
      { budget: 1024, all: 0, prompt: 0 },
    ]);
  });

  test("in every 120th row, it never was away for long enough", () => {
    const found = kindOf((t) => (t % 120 < 10 ? [40] : []));
    expect(found.kind).toBe("lazy");
    expect(found.shares.steady).toBeGreaterThan(0.02);
  });

  test("sinks and the recent window make no kind but lazy", () => {
    expect(kindOf((t) => [0, 3, t, t - 63])).toMatchObject({ kind: "lazy", shares: { milestone: 0, phoenix: 0 } });
  });

  test("thresholds", () => {
    expect(headKind({ milestone: 0.1, phoenix: 0 })).toBe("milestone");
    expect(headKind({ milestone: 0.0999, phoenix: 0.0199 })).toBe("lazy");
    expect(headKind({ milestone: 0.02, phoenix: 0.02 })).toBe("phoenix");
    expect(headKind({ milestone: 0.2, phoenix: 0.19 })).toBe("milestone");
    expect(headKind({ milestone: 0.05, phoenix: 0.04 })).toBe("lazy");
  });
});
