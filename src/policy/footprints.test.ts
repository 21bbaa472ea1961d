import { expect, test } from "vitest";
import type { LayerFootprint } from "./policy.js";
import { parsePolicySpec, checkParameters } from "./spec.js";
import { createPolicy, POLICIES, type PolicyName } from "./table.js";

function policy(text: string) {
  const spec = parsePolicySpec(text);
  if (spec.kind !== "table") throw new Error(`${text} is not in the table`);
  const definition = POLICIES[spec.name as PolicyName];
  return createPolicy(spec.name, definition, checkParameters(definition, spec.values, spec.name));
}

/** [resident, its slope, read, its slope, scored, its slope, steadyFor] */
function numbers({ resident, read, scored, steadyFor }: LayerFootprint): number[] {
  return [resident.now, resident.perStep, read.now, read.perStep, scored.now, scored.perStep, steadyFor];
}

function at(text: string, prompt: number, generated: number): number[] {
  return numbers(policy(text).footprint({ prompt, generated }));
}

test("dense holds and reads prompt + generated for good", () => {
  expect(at("dense", 100, 7)).toEqual([107, 1, 107, 1, 0, 0, Infinity]);
});

test.each([
  "sliding-window:window=64",
  "streaming-llm:budget=64",
  "h2o:budget=64",
  "tova:budget=64",
  "morphkv:budget=64",
  "keyformer:budget=64",
  "scissorhands:budget=64,dropFraction=0",
])("%s reads what it holds, one over budget at most", (text) => {
  expect(at(text, 50, 10)).toEqual([60, 1, 60, 1, 0, 0, 6]); // 60 … 65 = 64 + 1: six steps
  expect(at(text, 50, 14)).toEqual([64, 1, 64, 1, 0, 0, 2]); // 64, 65
  expect(at(text, 50, 15)).toEqual([65, 0, 65, 0, 0, 0, Infinity]);
  expect(at(text, 50, 900)).toEqual([65, 0, 65, 0, 0, 0, Infinity]);
  expect(at(text, 500, 1)).toEqual([501, 0, 501, 0, 0, 0, 1]); // prefill was dense: 500 + 1
  expect(at(text, 500, 2)).toEqual([65, 0, 65, 0, 0, 0, Infinity]);
});

test.each(["r-kv:budget=200", "snapkv-d:budget=200"])("%s is cut at positions that are multiples of 128", (text) => {
  // positions 50 … 256 grow: at 128 only 129 < 200 tokens are held, at 256 there are 257. Newest position 59 → 198 steps
  expect(at(text, 50, 10)).toEqual([60, 1, 60, 1, 0, 0, 256 - 59 + 1]);
  expect(at(text, 50, 207)).toEqual([257, 1, 257, 1, 0, 0, 1]); // position 256
  expect(at(text, 50, 208)).toEqual([201, 1, 201, 1, 0, 0, 128]); // 257: 200 left and the new token; up to 384
  expect(at(text, 50, 335)).toEqual([328, 1, 328, 1, 0, 0, 1]); // position 384: 200 + 128
  expect(at(text, 50, 336)).toEqual([201, 1, 201, 1, 0, 0, 128]);
  expect(at(text, 512, 1)).toEqual([513, 1, 513, 1, 0, 0, 1]); // position 512 is one: cut after the first step
  expect(at(text, 513, 1)).toEqual([514, 1, 514, 1, 0, 0, 640 - 513 + 1]);
});

test("scissorhands drops half of its budget at once, and fills it up again", () => {
  const half = "scissorhands:budget=64";
  expect(at(half, 50, 10)).toEqual([60, 1, 60, 1, 0, 0, 6]); // 60 … 65: then 32 are left
  expect(at(half, 50, 16)).toEqual([33, 1, 33, 1, 0, 0, 33]); // 33 … 65
  expect(at(half, 50, 48)).toEqual([65, 1, 65, 1, 0, 0, 1]);
  expect(at(half, 50, 49)).toEqual([33, 1, 33, 1, 0, 0, 33]);
  expect(at(half, 500, 1)).toEqual([501, 1, 501, 1, 0, 0, 1]); // the whole prompt once
  expect(at(half, 500, 2)).toEqual([33, 1, 33, 1, 0, 0, 33]);
});

test("keyformer's budget may be a share of the prompt", () => {
  expect(at("keyformer:promptShare=0.6", 500, 1)).toEqual([501, 0, 501, 0, 0, 0, 1]);
  expect(at("keyformer:promptShare=0.6", 500, 2)).toEqual([301, 0, 301, 0, 0, 0, Infinity]);
  expect(at("keyformer:promptShare=0.6", 1, 2)).toEqual([2, 0, 2, 0, 0, 0, Infinity]); // at least one token
});

test("quest reads budget / page pages, the newest half filled", () => {
  expect(at("quest:budget=64", 50, 10)).toEqual([60, 1, 60, 1, 0, 0, 5]); // 60 … 64: four pages fit
  // three full pages and one of 1 … 16 tokens, 8.5 on average, rounded up: 48 + 9
  expect(at("quest:budget=64", 50, 15)).toEqual([65, 1, 57, 0, 65, 1, Infinity]);
  expect(at("quest:budget=64", 1000, 1)).toEqual([1001, 1, 57, 0, 1001, 1, Infinity]);
  // never fewer than 3 pages: 32 + 9
  expect(at("quest:budget=16", 1000, 1)).toEqual([1001, 1, 41, 0, 1001, 1, Infinity]);
  // pages of 64: 128 / 64 = 2 → 3 pages; 128 + ceil(65 / 2)
  expect(at("quest:budget=128,page=64", 1000, 1)).toEqual([1001, 1, 161, 0, 1001, 1, Infinity]);
});

test("raas grows to its budget, then swaps pages", () => {
  expect(at("raas:budget=64", 20, 10)).toEqual([30, 1, 30, 1, 30, 1, 35]); // 30 … 64
  // reads 50 … 65 in turn, 57.5 on average: 58. Five pages are held when 65 tokens are
  expect(at("raas:budget=64", 20, 45)).toEqual([80, 0, 58, 0, 58, 0, Infinity]);
  // page of one token: as token by token, 64 + 1
  expect(at("raas:budget=64,page=1", 20, 45)).toEqual([65, 0, 65, 0, 65, 0, Infinity]);
});

test("raas: a pinned prompt that leaves no page raises the budget", () => {
  // 60 prompt tokens pin 4 pages = 64; one page more: grows to 80, then 66 … 81 (73.5 → 74), 6 pages
  expect(at("raas:budget=64", 60, 1)).toEqual([61, 1, 61, 1, 61, 1, 20]);
  expect(at("raas:budget=64", 60, 21)).toEqual([96, 0, 74, 0, 74, 0, Infinity]);
  // 1000 tokens pin 63 pages = 1008; grows to 1024, then 1010 … 1025 (1017.5 → 1018), 65 pages
  expect(at("raas:budget=64", 1000, 1)).toEqual([1001, 1, 1001, 1, 1001, 1, 24]);
  expect(at("raas:budget=64", 1000, 25)).toEqual([1040, 0, 1018, 0, 1018, 0, Infinity]);
});

test("raas: sinks and recent tokens stay, and with them the budget may have to grow", () => {
  // two pinned pages and the pages of the 100 newest tokens, up to 115 of them: 147 instead of 128
  expect(at("raas:budget=128,recent=100", 20, 1)).toEqual([21, 1, 21, 1, 21, 1, 127]);
  // reads 133 … 148, 140.5 on average
  expect(at("raas:budget=128,recent=100", 20, 128)).toEqual([160, 0, 141, 0, 141, 0, Infinity]);
  expect(at("raas:budget=128,sinks=4", 20, 128)).toEqual(at("raas:budget=128", 20, 128));
  // the newest page may go: nothing beside the pinned pages needs to stay
  expect(at("raas:budget=64,protectLastPage=false", 60, 10)).toEqual([80, 0, 58, 0, 58, 0, Infinity]);
  // scores of the attention itself need no representatives
  expect(at("raas:budget=64,stampRule=alpha", 20, 45)).toEqual([80, 0, 58, 0, 0, 0, Infinity]);
});

test("raas: other treatments of the prompt", () => {
  // not pinned: all is read once, then evicted to the budget
  expect(at("raas:budget=64,pinPrefill=false", 1000, 1)).toEqual([1001, 0, 1001, 0, 1001, 0, 1]);
  expect(at("raas:budget=64,pinPrefill=false", 1000, 2)).toEqual([80, 0, 58, 0, 58, 0, Infinity]);
  // budget on top of the prompt: grows to 1064, then 1050 … 1065 (1057.5 → 1058); 1065 tokens take 67 pages = 1072
  expect(at("raas:budget=64,budgetIncludesPrefill=false", 1000, 1)).toEqual([1001, 1, 1001, 1, 1001, 1, 64]);
  expect(at("raas:budget=64,budgetIncludesPrefill=false", 1000, 65)).toEqual([1072, 0, 1058, 0, 1058, 0, Infinity]);
  // cut to 64 after the first step; 8 decoded tokens share the prompt's last page and stay with it, one page more: grows
  // to 88, then 74 … 89 (81.5 → 82)
  const top = "raas:budget=64,prefillOverflow=topByLastQuery";
  expect(at(top, 1000, 1)).toEqual([1001, 0, 1001, 0, 1001, 0, 1]);
  expect(at(top, 1000, 2)).toEqual([66, 1, 66, 1, 66, 1, 23]);
  expect(at(top, 1000, 25)).toEqual([96, 0, 82, 0, 82, 0, Infinity]);
  // 56 of the prompt, whose last page has 8, and up to 64 decoded, 58 on average; all 1000 + 58 scored; 1065 tokens take
  // 1072
  const both = "raas:budget=64,prefillOverflow=questOnPrefill";
  expect(at(both, 1000, 1)).toEqual([1001, 1, 57, 1, 1001, 1, 64]);
  expect(at(both, 1000, 65)).toEqual([1072, 0, 114, 0, 1058, 0, Infinity]);
});
