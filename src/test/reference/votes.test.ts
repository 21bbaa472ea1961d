import { expect, test } from "vitest";
import { naiveSoftmax } from "../naive-attention.js";
import { randomTrace } from "../random-trace.js";
import { holdAgainst, type Case, type NaiveHeads } from "./naive-lane.js";
import { expectChoice } from "./rule.js";

/** Policies that let the newest queries vote on the tokens before them. */

type Reduction = "maxLogit" | "max" | "mean" | "sum";

/** For each of the last `window` queries up to `position`, its joined attention over the given positions, in their order. */
function votes(
  heads: NaiveHeads,
  position: number,
  window: number,
  over: readonly number[],
  how: Reduction,
): number[][] {
  const queries = Array.from({ length: window }, (_, back) => position - back).filter((query) => query >= 0);
  return queries.map((query) => {
    const logits = heads.queryHeads.map((head) => heads.logits(head, query));
    const largest = logits[0]!.map((_, j) => Math.max(...logits.map((row) => row[j]!)));
    if (how === "maxLogit") return over.map((j) => naiveSoftmax(largest, over)[j]!);
    const rows = logits.map((row) => naiveSoftmax(row, over));
    return over.map((j) => {
      const shares = rows.map((row) => row[j]!);
      if (how === "max") return Math.max(...shares);
      const sum = shares.reduce((total, share) => total + share, 0);
      return how === "mean" ? sum / shares.length : sum;
    });
  });
}

const columns = (rows: readonly (readonly number[])[], join: (column: readonly number[]) => number): number[] =>
  rows[0]!.map((_, i) => join(rows.map((row) => row[i]!)));
const mean = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length;
const pooled = (values: readonly number[], kernel: number): number[] =>
  values.map((_, i) => Math.max(...values.slice(Math.max(0, i - (kernel - 1) / 2), i + (kernel - 1) / 2 + 1)));

/** What repeats what: see policies of this kind; slots in the order given. */
function redundancyOf(keys: readonly (readonly number[])[]): number[] {
  const norm = (key: readonly number[]): number => Math.sqrt(key.reduce((sum, c) => sum + c * c, 0)) + 1e-8;
  const similar = keys.map((a) => keys.map((b) => a.reduce((sum, c, i) => sum + c * b[i]!, 0) / norm(a) / norm(b)));
  similar.forEach((row, i) => {
    row[i] = 0;
    const mostRecent = row.findLastIndex((cosine) => cosine > 0.5);
    if (mostRecent >= 0) row[mostRecent] = 0;
  });
  const means = columns(similar, mean);
  const total = means.reduce((sum, value) => sum + Math.exp(value), 0);
  return means.map((value) => Math.exp(value) / total);
}

interface Burst {
  readonly budget: number;
  readonly interval: number;
  readonly window: number;
  readonly kernel: number;
  readonly order: "position" | "slot";
  readonly groupReduction: Reduction;
  readonly lambda?: number; // R-KV's; without, the votes alone
}

/** In the step of position t with t mod interval = 0, after the append, if at least L are held. */
function naiveBurst(rules: Burst, heads: NaiveHeads) {
  const { budget, interval, window, kernel, order, groupReduction, lambda } = rules;
  let slots = Array.from({ length: heads.promptTokens }, (_, position) => position);
  return (
    step: number,
    position: number,
    held: readonly number[],
    { read, kept }: { read: readonly number[]; kept: readonly number[] },
  ) => {
    slots.push(position);
    expect(read).toEqual(held);
    if (position % interval !== 0 || slots.length < budget) return expect(kept).toEqual(held);
    const older = slots.slice(0, -window);
    const importance = pooled(columns(votes(heads, position, window, older, groupReduction), mean), kernel);
    const repeats =
      lambda === undefined ? [] : redundancyOf(slots.map((slot) => heads.key(heads.queryHeads[0]!, slot)));
    const scores = importance.map((vote, i) =>
      lambda === undefined ? vote : lambda * vote - (1 - lambda) * repeats[i]!,
    );
    const slotOf = (j: number): number => older.indexOf(j);
    const score = (j: number): number => scores[slotOf(j)]!;
    const recent = slots.slice(-window);
    // ties go to the lower slot, which is the lower position unless slots are out of order
    const inOrder = older.map((_, slot) => slot).sort((a, b) => scores[b]! - scores[a]! || a - b);
    const taken = inOrder.slice(0, budget - window).map((slot) => older[slot]!);
    if (order === "position") {
      expectChoice(
        kept,
        { always: recent, among: older, take: budget - window, score, ties: "lower taken" },
        `${heads.name} step ${step}`,
      );
      slots = [...kept];
    } else {
      expect({ step, kept }).toEqual({ step, kept: [...taken, ...recent].sort((a, b) => a - b) });
      slots = [...taken, ...recent];
    }
  };
}

const BURSTS: readonly Burst[] = [
  { budget: 32, interval: 16, window: 8, kernel: 7, order: "position", groupReduction: "maxLogit" },
  { budget: 48, interval: 20, window: 4, kernel: 3, order: "position", groupReduction: "mean" },
  { budget: 32, interval: 16, window: 8, kernel: 7, order: "slot", groupReduction: "maxLogit" },
  { budget: 32, interval: 7, window: 8, kernel: 1, order: "slot", groupReduction: "max" },
];
const SEEDS = [1, 2, 3];
const EACH = SEEDS.flatMap((seed) => BURSTS.map((rules) => ({ seed, ...rules })));

test.each(EACH)("SnapKV-D keeps the most wanted and the window: %o", ({ seed, ...rules }) => {
  const trace = randomTrace(seed, { promptTokens: 27, steps: 90 });
  holdAgainst(trace, { policy: "snapkv-d", values: { ...rules } }, (heads) => naiveBurst(rules, heads));
});

test.each(EACH)("R-KV keeps what matters and does not repeat: %o", ({ seed, ...rules }) => {
  for (const lambda of [0.1, 0.6]) {
    const trace = randomTrace(seed, { promptTokens: 27, steps: 90 });
    const given: Case = { policy: "r-kv", values: { ...rules, lambda }, kernel: "typescript" };
    holdAgainst(trace, given, (heads) => naiveBurst({ ...rules, lambda }, heads));
  }
});

test("R-KV and SnapKV-D per query head, with the defaults of the papers", () => {
  const rules: Burst = {
    budget: 64,
    interval: 128,
    window: 8,
    kernel: 7,
    order: "position",
    groupReduction: "maxLogit",
  };
  const trace = randomTrace(5, { promptTokens: 100, steps: 160 });
  const values = { budget: 64 };
  holdAgainst(trace, { policy: "snapkv-d", values, headGroup: "queryHead" }, (heads) => naiveBurst(rules, heads));
  holdAgainst(trace, { policy: "r-kv", values, headGroup: "queryHead" }, (heads) =>
    naiveBurst({ ...rules, lambda: 0.1 }, heads),
  );
});

const MORPHS = SEEDS.flatMap((seed) =>
  (["max", "sum"] as const).flatMap((fusion) =>
    (["max", "sum"] as const).map((groupReduction) => ({ seed, fusion, groupReduction })),
  ),
);

/** The last W queries attend to the tokens older than the window; top C - W of the fused rows, and the last W. */
test.each(MORPHS)("MorphKV keeps the window and what it wants: %o", ({ seed, fusion, groupReduction }) => {
  const [budget, window] = [32, 6];
  for (const shape of [
    { promptTokens: 20, steps: 60 },
    { promptTokens: 60, steps: 12 },
    { promptTokens: 3, steps: 60 },
  ]) {
    const given: Case = { policy: "morphkv", values: { budget, window, fusion, groupReduction } };
    holdAgainst(randomTrace(seed, shape), given, (heads) => (step, position, held, { read, kept }) => {
      expect(read).toEqual(held);
      if (held.length <= budget) return expect(kept).toEqual(held);
      const recent = held.filter((j) => j > position - window);
      const older = held.filter((j) => j <= position - window);
      const rows = votes(heads, position, window, older, groupReduction);
      const fused = columns(rows, (column) => (fusion === "max" ? Math.max(...column) : mean(column) * column.length));
      const score = (j: number): number => fused[older.indexOf(j)]!;
      return expectChoice(
        kept,
        { always: recent, among: older, take: budget - window, score, ties: "lower dropped" },
        `${heads.name} step ${step}`,
      );
    });
  }
});
