import { expect, test } from "vitest";
import { checkParameters, expandPolicySpecs, parsePolicySpec } from "./spec.js";
import { createPolicy, POLICIES, type PolicyName } from "./table.js";

const table = (name: string, values: Record<string, string> = {}) => ({ kind: "table", name, values });

test("one specification", () => {
  expect(parsePolicySpec("dense")).toEqual(table("dense"));
  expect(parsePolicySpec("quest:budget=1024,page=16")).toEqual(table("quest", { budget: "1024", page: "16" }));
  expect(parsePolicySpec(" quest : budget = 1024 , page=16 ")).toEqual(table("quest", { budget: "1024", page: "16" }));
  expect(() => parsePolicySpec("dense,quest")).toThrow('policy: "dense,quest" stands for 2 policies; one is wanted');
});

test("a comma before key= goes on with the policy, any other starts the next", () => {
  expect(expandPolicySpecs("dense,quest:budget=1024,raas:budget=512|1024,page=16")).toEqual([
    table("dense"),
    table("quest", { budget: "1024" }),
    table("raas", { budget: "512", page: "16" }),
    table("raas", { budget: "1024", page: "16" }),
  ]);
  expect(expandPolicySpecs("raas,budget=64").length).toBe(1);
  expect(
    expandPolicySpecs("raas:budget=512|1024,page=16|32").map(({ values }) => `${values["budget"]}/${values["page"]}`),
  ).toEqual(["512/16", "512/32", "1024/16", "1024/32"]);
});

test("paths are told from names", () => {
  const outside = (path: string, values: Record<string, string> = {}) => ({ kind: "outside", path, values });
  expect(parsePolicySpec("./mine.mjs:budget=512")).toEqual(outside("./mine.mjs", { budget: "512" }));
  expect(parsePolicySpec("../a/b")).toEqual(outside("../a/b"));
  expect(parsePolicySpec("/a/b.js:x=1,y=2")).toEqual(outside("/a/b.js", { x: "1", y: "2" }));
  expect(parsePolicySpec("mine.mjs")).toEqual(outside("mine.mjs"));
  expect(parsePolicySpec("C:\\mine.mjs")).toEqual(outside("C:\\mine.mjs"));
  expect(expandPolicySpecs("./mine.mjs:budget=1|2,dense").length).toBe(3);
});

test.each([
  ["", 'policy: "" has an empty entry; write name:key=value,key=value'],
  ["dense,,quest", 'policy: "dense,,quest" has an empty entry'],
  ["budget=3", 'policy: "budget=3" stands before any policy; write name:budget=3'],
  ["quest:", 'policy: "quest:": after the colon comes key=value, found ""'],
  ["quest:budget", 'after the colon comes key=value, found "budget"'],
  [":budget=3", 'policy: ":budget=3" has no name before the colon'],
  ["quest|raas", 'policy: "quest|raas": | separates values of a parameter; policies are separated by commas'],
  ["quest:budget=64|", 'policy quest: budget has no value in "budget=64|"'],
  ["quest:budget=64,budget=128", "policy quest: budget is given twice; separate alternatives with |"],
])("%j is refused", (text, message) => {
  expect(() => expandPolicySpecs(text)).toThrow(message);
});

function build(text: string) {
  const spec = parsePolicySpec(text);
  if (spec.kind !== "table") throw new Error("not in the table");
  const definition = POLICIES[spec.name as PolicyName];
  return createPolicy(spec.name, definition, checkParameters(definition, spec.values, `policy ${spec.name}`));
}

test.each([
  ["quest:size=3", "policy quest: has no parameter size; known are budget, page, headGroup, denseLayers"],
  ["dense:budget=3", "policy dense: has no parameter budget; it has none"],
  ["quest:budget=abc", "policy quest: budget=abc is not a number; allowed: whole numbers from 16 to 1048576"],
  ["quest:budget=NaN", "policy quest: budget=NaN is not a number"],
  ["quest:budget=0x10", "policy quest: budget=0x10 is not a number"],
  ["quest:budget=64.5", "policy quest: budget=64.5 is not a whole number"],
  ["quest:budget=8", "policy quest: budget=8 is out of range; allowed: whole numbers from 16 to 1048576"],
  ["quest:budget=-64", "policy quest: budget=-64 is out of range"],
  ["quest:budget=1e400", "policy quest: budget=1e400 is not a whole number"],
  ["quest:page=24", "policy quest: page=24 is not a power of two; allowed: powers of two from 1 to 256"],
  ["quest:page=512", "policy quest: page=512 is out of range"],
  ["quest:budget=1000", "policy quest: budget=1000 is not a multiple of page=16; 992 and 1008 are"],
  ["raas:budget=64,page=128", "policy raas: budget=64 is not a multiple of page=128; 128 is"],
  [
    "raas:stampRule=beta",
    "policy raas: stampRule=beta is not one of its choices; allowed: topFraction, alpha, halfBudget",
  ],
  ["raas:pinPrefill=yes", "policy raas: pinPrefill=yes is neither true nor false; allowed: true, false"],
  ["raas:alpha=2", "policy raas: alpha=2 is out of range; allowed: numbers from 0 to 1"],
  ["streaming-llm:budget=16,sinks=16", "policy streaming-llm: sinks=16 must be below budget=16"],
  ["r-kv:budget=16,window=64", "policy r-kv: window=64 must be below budget=16"],
])("%s is refused", (text, message) => {
  expect(() => build(text)).toThrow(message);
});

test("a policy's name is a specification of itself, defaults left out, in the definition's order", () => {
  expect(build("raas").name).toBe("raas");
  expect(build("raas:budget=1024").name).toBe("raas");
  expect(build("raas:alpha=0.01,stampRule=alpha,page=16,budget=256").name).toBe(
    "raas:budget=256,stampRule=alpha,alpha=0.01",
  );
  const again = build(build("quest:denseLayers=0,budget=512").name);
  expect(again.name).toBe("quest:budget=512,denseLayers=0");
  expect(again.parameters).toEqual({ budget: 512, page: 16, headGroup: "kvHead", denseLayers: 0 });
});

test("labels tell policies apart", () => {
  expect(build("quest:budget=512").label).toBe("Quest 512");
  expect(build("quest:budget=512,page=32,denseLayers=0").label).toBe("Quest 512 (page=32, denseLayers=0)");
});

test("dense layers: two under Quest and what is made of it, none elsewhere", () => {
  const dense = Object.keys(POLICIES).filter((name) => build(name).denseLayers > 0);
  expect(dense).toEqual(["quest", "twilight", "quest-oracle"]);
  expect(build("quest").denseLayers).toBe(2);
  expect(build("raas:denseLayers=3").denseLayers).toBe(3);
});
