import { expect, test } from "vitest";
import { RangeSet } from "../core/range-set.js";
import { DENSE_LANES } from "./dense-lane.js";
import { growing } from "./closed-forms.js";
import { NO_WORK } from "./definition.js";
import type { Lanes, PromptView, StepView } from "./lane.js";
import { policyFromModule } from "./outside.js";

function lanesOf(lanes: unknown): Lanes | undefined {
  const create = () => ({
    label: "Mine",
    indexPageTokens: 0,
    work: NO_WORK,
    notes: [],
    footprint: ({ prompt, generated }: { prompt: number; generated: number }) => growing(prompt + generated, Infinity),
    ...(lanes === undefined ? {} : { lanes }),
  });
  return policyFromModule({ default: { title: "mine", source: "by hand", parameters: {}, create } }, "./mine.mjs")
    .lanes;
}

test("a module may have lanes, or none", () => {
  expect(lanesOf(undefined)).toBeUndefined();
  const lanes = lanesOf({ ...DENSE_LANES, survey: () => 4, oracle: "step" });
  expect(lanes).toMatchObject({ needs: ["attention"], group: "kv-head", observes: false, lookback: 0, oracle: "step" });
  expect(lanes?.survey?.({} as PromptView)).toBe(4);
  const lane = lanes?.start({ promptTokens: 3 } as PromptView);
  expect(lane?.select({ position: 3, step: 0 } as StepView).pairs()).toEqual([[0, 4]]);
  expect(lane?.held.size).toBe(4);
});

test.each([
  [3, "lanes is not an object"],
  [{ ...DENSE_LANES, needs: "attention" }, "lanes: needs is not a list of strings"],
  [{ ...DENSE_LANES, needs: ["scores"] }, "lanes: needs has scores; known are attention, prompt-mass, queries, keys"],
  [{ ...DENSE_LANES, group: "head" }, 'lanes: group is "head"; allowed are query-head, kv-head, layer'],
  [{ ...DENSE_LANES, observes: undefined }, "lanes: observes is missing, not a boolean"],
  [{ ...DENSE_LANES, lookback: -1 }, "lanes: lookback is -1, not a whole number of at least 0"],
  [{ ...DENSE_LANES, start: undefined }, "lanes: start is missing, not a function"],
  [{ ...DENSE_LANES, survey: 1 }, "lanes: survey is 1, not a function"],
  [{ ...DENSE_LANES, oracle: "all" }, 'lanes: oracle is "all"; allowed are step, future, or none'],
  [{ ...DENSE_LANES, seesLayer: false }, "lanes: seesLayer is neither true nor left out"],
])("lanes are refused: %#", (lanes, message) => {
  expect(() => lanesOf(lanes)).toThrow(`./mine.mjs: ${message}`);
});

const held = RangeSet.of([0, 4]);
const sound = { held, select: () => held, update: () => undefined };
const fails = (): never => {
  throw new Error("oh");
};

test.each([
  [() => 3, "what lanes.start returns is not an object"],
  [() => ({ ...sound, held: [0, 1] }), "what lanes.start returns: held is not a RangeSet"],
  [() => ({ ...sound, select: undefined }), "what lanes.start returns: select is missing, not a function"],
  [() => ({ ...sound, update: undefined }), "what lanes.start returns: update is missing, not a function"],
  [fails, "lanes.start threw: oh"],
  [() => ({ ...sound, select: () => [1] }), "what select at step 7 returns is not a RangeSet"],
  [() => ({ ...sound, select: fails }), "select at step 7 threw: oh"],
  [() => ({ ...sound, update: fails }), "update at step 7 threw: oh"],
])("a lane is refused: %#", (start, message) => {
  const run = () => {
    const lane = lanesOf({ ...DENSE_LANES, start })?.start({ promptTokens: 4 } as PromptView);
    const step = { step: 7, position: 11 } as StepView;
    lane?.select(step);
    lane?.update(step, new Float32Array(0));
  };
  expect(run).toThrow(`./mine.mjs: ${message}`);
});
