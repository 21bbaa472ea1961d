import { expect, test } from "vitest";
import type { Lanes, PromptView, StepView } from "./lane.js";
import { OutsideView } from "./outside-view.js";

const ROW = Float32Array.of(1, 2, 3, 4, 5, 6, 7, 8);
/** What the replay shows at position 5: rows are longer than what is valid. */
const SHOWN = {
  promptTokens: 3,
  position: 5,
  step: 2,
  queryHeads: 2,
  headDim: 1,
  group: 0,
  groups: () => [SHOWN],
  logits: () => ROW,
  logitsOn: () => undefined,
  key: (position: number, out: Float32Array) => void (out[0] = position),
  pageBounds: () => ROW,
  columnMass: () => ROW,
  truth: () => ROW,
  truthOf: () => ROW,
  eachFutureRow: () => undefined,
} as unknown as PromptView & StepView;

const ALL: Partial<Lanes> = {
  needs: ["attention", "queries", "keys", "page-bounds", "prompt-mass"],
  lookback: 2,
  oracle: "future",
  seesLayer: true,
};
const view = (asked: Partial<Lanes>): OutsideView =>
  new OutsideView(SHOWN, { needs: [], lookback: 0, ...asked }, "./mine.mjs");
const out = new Float32Array(1);

test.each([
  ["logits", (v: OutsideView) => v.logits(0, 0), { needs: [] }, 'lanes: needs has no "queries"'],
  ["logits", (v: OutsideView) => v.logits(2, 0), {}, "back is 2; there it can be from 0 to 1"],
  ["logits", (v: OutsideView) => v.logits(-1, 0), {}, "back is -1; there it can be from 0 to 1"],
  ["logits", (v: OutsideView) => v.logits(0, 2), {}, "queryHead is 2; there it can be from 0 to 1"],
  ["logitsOn", (v: OutsideView) => v.logitsOn(0, out, [0], new Float64Array(1)), { needs: [] }, 'needs has no "queries"'], // prettier-ignore
  ["key", (v: OutsideView) => v.key(0, out), { needs: [] }, 'lanes: needs has no "keys"'],
  ["key", (v: OutsideView) => v.key(6, out), {}, "position is 6; there it can be from 0 to 5"],
  ["key", (v: OutsideView) => v.key(0.5, out), {}, "position is 0.5; there it can be from 0 to 5"],
  ["pageBounds", (v: OutsideView) => v.pageBounds(16), { needs: [] }, 'lanes: needs has no "page-bounds"'],
  ["columnMass", (v: OutsideView) => v.columnMass(), { needs: [] }, 'lanes: needs has no "prompt-mass"'],
  ["truth", (v: OutsideView) => v.truth(), { oracle: undefined }, "lanes: oracle is not set"],
  ["truthOf", (v: OutsideView) => v.truthOf(0), { oracle: undefined }, "lanes: oracle is not set"],
  ["truthOf", (v: OutsideView) => v.truthOf(2), {}, "queryHead is 2; there it can be from 0 to 1"],
  ["eachFutureRow", (v: OutsideView) => v.eachFutureRow(() => undefined), { oracle: "step" }, 'oracle is not "future"'],
  ["groups", (v: OutsideView) => v.groups(), { seesLayer: undefined }, "lanes: seesLayer is not true"],
  ["group", (v: OutsideView) => v.group, { seesLayer: undefined }, "lanes: seesLayer is not true"],
])("%s is not shown to a module without the right to it: %#", (what, look, less, why) => {
  expect(() => look(view({ ...ALL, ...less } as Partial<Lanes>))).toThrow(`./mine.mjs: ${what} is not for it to see: `);
  expect(() => look(view({ ...ALL, ...less } as Partial<Lanes>))).toThrow(why);
});

test("what was asked for is shown, up to the newest token, as copies where others look too", () => {
  const all = view(ALL);
  expect([...all.logits(1, 0)]).toEqual([1, 2, 3, 4, 5]); // the query at position 4 sees 0 to 4
  all.logits(0, 0).fill(0);
  expect([...all.pageBounds(4)]).toEqual([1, 2]);
  all.pageBounds(4).fill(0);
  expect([...ROW]).toEqual([1, 2, 3, 4, 5, 6, 7, 8]);
  all.key(5, out);
  expect(out[0]).toBe(5);
  expect(all.truth()).toBe(ROW);
  expect(() => all.groups()[0]?.logits(2, 0)).toThrow("back is 2"); // other groups are shown with the same right
  expect(all.at({ ...SHOWN, position: 3 }).logits(0, 0)).toHaveLength(4);
});
