import { expect, test } from "vitest";
import { footprintViolations } from "./conformance.js";
import { NO_WORK } from "./definition.js";
import { policyFromModule } from "./outside.js";

/** What a user's module may export: keeps the prompt's first tokens only, and the new one. */
const definition = {
  title: "mine",
  source: "by hand",
  parameters: { budget: { kind: "integer", default: 64, min: 1, max: 4096, help: "tokens kept" } },
  create: ({ budget }: { budget: number }) => ({
    label: `Mine ${budget}`,
    indexPageTokens: 0,
    work: NO_WORK,
    notes: [],
    footprint: ({ prompt, generated }: { prompt: number; generated: number }) => {
      const tokens = Math.min(prompt + generated, budget);
      const line = { now: tokens, perStep: tokens < budget ? 1 : 0 };
      return {
        resident: line,
        read: line,
        scored: { now: 0, perStep: 0 },
        steadyFor: Math.max(1, budget - tokens + 1),
      };
    },
  }),
};

test("a module's policy", () => {
  const policy = policyFromModule({ default: definition }, "./mine.mjs", { budget: "32" });
  expect(policy).toMatchObject({ name: "./mine.mjs:budget=32", kind: "./mine.mjs", label: "Mine 32", denseLayers: 0 });
  expect(policy.footprint({ prompt: 10, generated: 2 }).read).toEqual({ now: 12, perStep: 1 });
  expect(footprintViolations(policy, [{ prompt: 10, generated: 2 }])).toEqual([]);
  expect(policyFromModule({ default: definition }, "./mine.mjs", { denseLayers: "2" }).denseLayers).toBe(2);
  expect(() => policyFromModule({ default: definition }, "./mine.mjs", { size: "2" })).toThrow(
    "./mine.mjs: has no parameter size; known are budget, denseLayers",
  );
});

const budget = definition.parameters.budget;

test.each([
  [{}, "./mine.mjs: has no default export that is a policy definition"],
  [{ default: () => 1 }, "./mine.mjs: has no default export that is a policy definition"],
  [{ default: { ...definition, title: 3 } }, "./mine.mjs: default export: title is 3, not a string"],
  [{ default: { ...definition, create: undefined } }, "default export: create is missing, not a function"],
  [{ default: { ...definition, parameters: undefined } }, "default export: parameters is not an object"],
  [
    { default: { ...definition, parameters: { budget: { ...budget, kind: "int" } } } },
    "parameters.budget: kind is none of",
  ],
  [
    { default: { ...definition, parameters: { budget: { ...budget, default: 0 } } } },
    "default 0 is not between min 1 and",
  ],
  [{ default: { ...definition, create: () => 3 } }, "what create returns is not an object"],
  [
    { default: { ...definition, create: () => ({ ...definition.create({ budget: 1 }), work: {} }) } },
    "materialisesScores is missing",
  ],
  [
    { default: { ...definition, create: () => ({ ...definition.create({ budget: 1 }), dataDependent: false }) } },
    "dataDependent is neither true nor left out",
  ],
  [{ default: { ...definition, create: () => JSON.parse("{") as never } }, "./mine.mjs: create threw: "],
])("a module is refused: %#", (module, message) => {
  expect(() => policyFromModule(module, "./mine.mjs")).toThrow(message);
});

const zero = { now: 0, perStep: 0 };
const sound = { resident: { now: 9, perStep: 1 }, read: { now: 9, perStep: 1 }, scored: zero, steadyFor: 3 };

test.each([
  [{ ...sound, read: { now: 1.5, perStep: 0 } }, "read: now is 1.5, not a whole number of at least 0"],
  [{ ...sound, read: { now: NaN, perStep: 0 } }, "read: now is NaN"],
  [{ ...sound, resident: { now: -1, perStep: 0 } }, "resident: now is -1"],
  [{ ...sound, resident: { now: 9, perStep: 2 } }, "resident.perStep is 2; allowed are 0 and 1"],
  [{ ...sound, scored: undefined }, "scored is not { now, perStep }"],
  [{ ...sound, steadyFor: 0 }, "steadyFor is 0, not a whole number of at least 1 or Infinity"],
  [{ ...sound, steadyFor: NaN }, "steadyFor is NaN"],
])("a footprint is refused: %#", (print, message) => {
  const create = () => ({ ...definition.create({ budget: 1 }), footprint: () => print });
  const policy = policyFromModule({ default: { ...definition, create } }, "./mine.mjs");
  const where = "./mine.mjs: footprint({ prompt: 4, generated: 5 }): ";
  expect(() => policy.footprint({ prompt: 4, generated: 5 })).toThrow(where + message);
});
