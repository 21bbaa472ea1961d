import { expect, test } from "vitest";
import { openRecording } from "../cli/recordings.js";
import { measuredFootprint } from "../policy/measured.js";
import type { Policy } from "../policy/policy.js";
import { createPolicy, POLICIES } from "../policy/table.js";
import { laneViolations } from "../replay/conformance.js";
import { footprintCurve, withMeasuredFootprints } from "../replay/footprint-curve.js";
import { replay } from "../replay/replay.js";
import { sliceTrace } from "../trace/slice-trace.js";
import { randomTrace } from "./random-trace.js";

/** What a replay counts is what the footprint says; where it is an upper bound, what is counted takes its place. */

test("on the recording that comes with the package, every policy holds and reads what its footprint says", () => {
  const trace = sliceTrace(openRecording("bakery-2.2k"), { layers: [23], steps: [0, 160] });
  for (const [name, definition] of Object.entries(POLICIES)) {
    const values = Object.hasOwn(definition.parameters, "budget") ? { budget: 256 } : {};
    const policy = createPolicy(name, definition, { ...values, denseLayers: 0 });
    if (policy.lanes !== undefined) expect(laneViolations(policy, trace)).toEqual([]);
  }
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

test("too few steps show no trend: the upper bound stays, and the notes say why", () => {
  const twilight = createPolicy("twilight", POLICIES.twilight, { denseLayers: 0 });
  const measuredOn = (steps: number): Policy => {
    const result = replay(randomTrace(7, { promptTokens: 10, steps }), [twilight], { outputError: false });
    return withMeasuredFootprints([twilight], result, "random")[0] as Policy;
  };
  const lengths = { prompt: 10, generated: 5000 };
  const few = measuredOn(31);
  expect(few.footprint(lengths)).toEqual(twilight.footprint(lengths));
  expect(few.label).toBe(twilight.label);
  expect(few.notes.at(-1)).toContain("random has 31 decode steps, too few to measure");
  expect(measuredOn(32).label).toBe(`${twilight.label} (measured)`);
  expect(measuredOn(32).footprint(lengths).resident.now).toBe(5010); // it holds everything
});

test("a policy from outside whose footprint is not what it does gets a note; one that keeps its word none", () => {
  const trace = randomTrace(8, { promptTokens: 20, steps: 100, layers: 3 });
  const tova = createPolicy("tova", POLICIES.tova, { budget: 32, denseLayers: 1 });
  const mine: Policy = { ...tova, kind: "./mine.mjs", name: "./mine.mjs" };
  const page = createPolicy("raas", POLICIES.raas, { budget: 64, denseLayers: 0 });
  const paged: Policy = { ...page, kind: "./paged.mjs", name: "./paged.mjs" };
  const all = createPolicy("dense", POLICIES.dense, {});
  const wrong: Policy = { ...mine, name: "./false.mjs", footprint: (lengths) => all.footprint(lengths) };
  const policies = [tova, mine, paged, wrong];
  const served = withMeasuredFootprints(policies, replay(trace, policies, { outputError: false }), "random");
  expect(served.slice(0, 3)).toEqual(policies.slice(0, 3));
  expect(served[3]?.notes.at(-1)).toBe(
    "Memory and speed are those of its footprint, not of what it does in the replay: " +
      "with 34 tokens it holds 33 tokens, resident is 34, it reads 33 tokens, read is 34.",
  );
  const dense = { ...wrong, denseLayers: 3 };
  expect(withMeasuredFootprints([dense], replay(trace, [dense]), "random")).toEqual([dense]);
});
