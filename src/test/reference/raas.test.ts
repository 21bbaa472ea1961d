import { expect, test } from "vitest";
import { createPolicy, POLICIES } from "../../policy/table.js";
import { randomTrace } from "../random-trace.js";
import { selectionsOf } from "../selections.js";
import { holdAgainst, range, type Case } from "./naive-lane.js";
import { naiveRaas, PAPER, type NaiveRaas } from "./naive-raas.js";

const SEEDS = [1, 2];
const SHORT = { promptTokens: 21, steps: 120 };
const LONG = { promptTokens: 75, steps: 60 }; // over a budget of 64

function check(
  seed: number,
  change: Partial<NaiveRaas>,
  shape = SHORT,
  how: Omit<Case, "policy" | "values"> = {},
): void {
  const rules = { ...PAPER, ...change };
  const { score, ...values } = rules;
  const given: Case = { policy: "raas", values: { ...values, pageScore: score }, ...how };
  holdAgainst(randomTrace(seed, { ...shape, kvHeads: 1 }), given, (heads) => naiveRaas(rules, heads));
}

test.each(SEEDS)("the paper, pages of 1, 16 and 32, both kernels, seed %i", (seed) => {
  check(seed, {});
  check(seed, {}, SHORT, { kernel: "typescript" });
  check(seed, { page: 1, budget: 32 });
  check(seed, { page: 32, fraction: 0.3 });
});

const RULES = ["topFraction", "alpha", "halfBudget"] as const;
const SCORES = ["bound", "mass", "max"] as const;
test.each(RULES.flatMap((stampRule) => SCORES.map((score) => ({ stampRule, score }))))("stamps by %o", (rule) => {
  for (const seed of SEEDS) {
    const alpha = rule.score === "bound" ? 0.05 : 0.02;
    check(seed, { ...rule, alpha, page: 8 });
    check(seed, { ...rule, alpha, page: 1, budget: 32, pinPrefill: false }, LONG);
  }
});

const PROMPTS: readonly Partial<NaiveRaas>[] = [
  { pinPrefill: false },
  { budgetIncludesPrefill: false },
  { pinPrefill: false, budgetIncludesPrefill: false },
  { prefillOverflow: "topByLastQuery" },
  { prefillOverflow: "topByLastQuery", sinks: 4, recent: 20 },
  { prefillOverflow: "questOnPrefill" },
  { prefillOverflow: "keepAll" },
];
test.each(PROMPTS)("a prompt over and under budget: %o", (change) => {
  for (const seed of SEEDS) {
    check(seed, { page: 8, ...change }, SHORT);
    check(seed, { page: 8, ...change }, LONG);
  }
});

test.each(["now", "zero", "inherit"] as const)(
  "a new page's stamp: %s; the last page may go, or not",
  (newPageStamp) => {
    for (const protectLastPage of [true, false]) {
      for (const seed of SEEDS) {
        check(seed, { page: 8, newPageStamp, protectLastPage, stampRule: "alpha", score: "mass", alpha: 0.1 });
        check(seed, { page: 4, newPageStamp, protectLastPage, pinPrefill: false, stampRule: "halfBudget" }, LONG);
      }
    }
  },
);

test.each(["kvHead", "queryHead", "layer"] as const)("one table for each %s", (headGroup) => {
  const trace = randomTrace(5, { promptTokens: 30, steps: 80, layers: 2 });
  const rules = { ...PAPER, page: 8 };
  const { score, ...values } = rules;
  holdAgainst(trace, { policy: "raas", values: { ...values, pageScore: score }, headGroup }, (heads) =>
    naiveRaas(rules, heads),
  );
});

test("the authors' code, FreeKV and epiphany as raas.ts spells them", () => {
  const code = { stampRule: "halfBudget", pinPrefill: false, newPageStamp: "zero", protectLastPage: false } as const;
  check(6, code, SHORT, { headGroup: "queryHead" });
  check(6, code, LONG, { headGroup: "queryHead" });
  const freekv = { stampRule: "alpha", pinPrefill: false, newPageStamp: "inherit", sinks: 8, recent: 16 } as const;
  check(7, { ...freekv, page: 8, alpha: 0.1 });
  check(7, { ...freekv, page: 1, score: "mass", alpha: 0.01 });
  check(8, { page: 1, score: "mass" }, SHORT, { headGroup: "layer" });
});

const spelled = (values: Record<string, string | number | boolean>, shape = SHORT) =>
  selectionsOf(randomTrace(9, shape), createPolicy("raas", POLICIES.raas, { budget: 64, ...values }));

test("RaaS never evicts the prompt, nor what fits; what is evicted stays so; a step reads all that is held", () => {
  for (const stampRule of RULES) {
    for (const steps of spelled({ stampRule }).values()) {
      let before = range(0, 21);
      steps.forEach(({ read, kept }, step) => {
        expect(read).toEqual([...before, 21 + step]);
        expect(kept.slice(0, 21)).toEqual(range(0, 21));
        expect(read).toEqual(expect.arrayContaining([...kept]));
        if (22 + step <= 64) expect(kept).toEqual(read);
        before = [...kept];
      });
    }
  }
});

test("by rule, alpha asks for the share of the attention and the others for the bound", () => {
  expect(spelled({ stampRule: "alpha", alpha: 0.01 })).toEqual(
    spelled({ stampRule: "alpha", alpha: 0.01, pageScore: "mass" }),
  );
  expect(spelled({})).toEqual(spelled({ pageScore: "bound" }));
  expect(spelled({ page: 4 })).not.toEqual(spelled({ page: 4, pageScore: "mass" }));
});

test("a prompt over budget is refused if asked for", () => {
  expect(() => spelled({ prefillOverflow: "error" }, LONG)).toThrow(
    "policy raas: a prompt of 75 tokens is over budget=64, and prefillOverflow=error",
  );
  expect(spelled({ prefillOverflow: "error" })).toEqual(spelled({}));
  const policy = createPolicy("raas", POLICIES.raas, { budget: 64, prefillOverflow: "error" });
  expect(() => policy.footprint({ prompt: 75, generated: 1 })).toThrow("a prompt of 75 tokens is over budget=64");
  expect(policy.footprint({ prompt: 60, generated: 1 }).read).toEqual({ now: 61, perStep: 1 });
});
