import { expect, test } from "vitest";
import { openRecording } from "../cli/recordings.js";
import { measuredFootprint } from "../policy/measured.js";
import type { Policy } from "../policy/policy.js";
import { createPolicy, POLICIES } from "../policy/table.js";
import { footprintCurve, withMeasuredFootprints } from "../replay/footprint-curve.js";
import type { ReplayOptions } from "../replay/plan.js";
import { replay } from "../replay/replay.js";
import type { AttentionTrace } from "../trace/attention-trace.js";
import { randomTrace } from "./random-trace.js";

/** What a replay counts is what the footprint says, for every policy whose footprint is no upper bound. */

function fixed(budget: number): readonly Policy[] {
  return Object.entries(POLICIES)
    .map(([name, definition]) => {
      const values = Object.hasOwn(definition.parameters, "budget") ? { budget } : {};
      return createPolicy(name, definition, values);
    })
    .filter(({ lanes, dataDependent }) => lanes !== undefined && dataDependent !== true);
}

/** Counts are means over heads; where heads have budgets of their own, these are rounded one by one. */
const ROUNDING = 0.5;

/** Steps of a replay that differ from the closed form by more than pages explain, in words. */
function departures(trace: AttentionTrace, policies: readonly Policy[], options: ReplayOptions): readonly string[] {
  const result = replay(trace, policies, { ...options, outputError: false });
  return policies.flatMap((policy, i) => {
    const quality = result.policies[i];
    if (quality === undefined || result.layers.every((layer) => layer < policy.denseLayers)) return [];
    const { fromTokens, held, read } = footprintCurve(result, quality, policy, "test");
    const page = Math.max(1, Number(policy.parameters["page"] ?? policy.parameters["block"] ?? 1));
    const prompt = trace.metadata.promptTokens;
    return held.flatMap((tokens, step) => {
      const print = policy.footprint({ prompt, generated: fromTokens + step - prompt });
      const reads = read[step] as number;
      const problems: string[] = [];
      // Memory is in whole pages at their peak: the newest page, and a prompt's last one, are partly filled.
      const spare = print.resident.now - tokens;
      if (spare < -ROUNDING || spare > 2 * (page - 1) + ROUNDING) {
        problems.push(`held ${tokens}, the footprint says ${print.resident.now}`);
      }
      if (Math.abs(reads - print.read.now) > page - 1 + ROUNDING) {
        problems.push(`read ${reads}, the footprint says ${print.read.now}`);
      }
      return problems.map((problem) => `${policy.name}, prompt ${prompt}, step ${step}: ${problem}`);
    });
  });
}

const BUDGET = 192; // with the prompt below, at and above it

test.each([
  { seed: 1, promptTokens: 60 },
  { seed: 2, promptTokens: BUDGET - 1 },
  { seed: 3, promptTokens: 260 },
])("on random attention: %o", ({ seed, promptTokens }) => {
  const trace = randomTrace(seed, { promptTokens, steps: 200, layers: 2 });
  expect(departures(trace, fixed(BUDGET), {}).slice(0, 10)).toEqual([]);
});

test("on the recording that comes with the package", () => {
  const trace = openRecording("bakery-2.2k");
  // A plan over all 2,003 steps takes long; PyramidKV's budgets fall from layer to layer, and few layers are recorded.
  const policies = fixed(BUDGET).filter(({ kind, lanes }) => kind !== "pyramidkv" && lanes?.oracle !== "future");
  expect(departures(trace, policies, { layers: [23], heads: [1], toStep: 200 }).slice(0, 10)).toEqual([]);
  trace.close();
});

test("dense layers are taken out of what is measured", () => {
  const trace = randomTrace(5, { promptTokens: 20, steps: 100, layers: 3 });
  const some = createPolicy("tova", POLICIES.tova, { budget: 32, denseLayers: 2 });
  const result = replay(trace, [some], { outputError: false });
  const curve = footprintCurve(result, result.policies[0]!, some, "test");
  curve.held.forEach((tokens, step) => expect(tokens).toBeCloseTo(Math.min(21 + step, 33), 9));
  expect(curve.source).toContain("layers 2");
  expect(() => footprintCurve(result, result.policies[0]!, { ...some, denseLayers: 3 }, "test")).toThrow(
    /denseLayers=3 leaves nothing to measure: replayed are layers 0, 1, 2/,
  );
});

test("only footprints that depend on the attention are replaced, by one that gives the counts back", () => {
  const trace = randomTrace(6, { promptTokens: 10, steps: 160 });
  const plain = createPolicy("h2o", POLICIES.h2o, { budget: 64 });
  const all = createPolicy("dense", POLICIES.dense, {});
  const loose: Policy = {
    ...createPolicy("streaming-llm", POLICIES["streaming-llm"], { budget: 64 }),
    dataDependent: true,
    footprint: (lengths) => all.footprint(lengths), // as if no more were known
  };
  const result = replay(trace, [plain, loose], { outputError: false });
  const [same, measured] = withMeasuredFootprints([plain, loose], result, "random");
  expect(same).toBe(plain);
  for (const generated of [1, 30, 54, 80, 160, 5000]) {
    const { resident, read } = (measured as Policy).footprint({ prompt: 10, generated });
    const exact = plain.footprint({ prompt: 10, generated });
    expect(Math.abs(resident.now - exact.resident.now)).toBeLessThanOrEqual(8); // one piece of 16 steps holds the corner
    expect(read.now).toBe(resident.now);
  }
  expect((measured as Policy).label).toBe(
    measuredFootprint(loose, footprintCurve(result, result.policies[1]!, loose, "")).label,
  );
});
