import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { serveReport } from "../report/serve-report.js";
import type { Outcome } from "../serve/outcome.js";
import { outcome } from "../serve/outcome-of.js";
import { scenarioOptions } from "./flags.js";
import { resolve } from "./resolve.js";
import { showing } from "./show.js";
import { simulate } from "./simulate.js";

const folder = mkdtempSync(join(tmpdir(), "raas-sim-lengths-"));
afterAll(() => rmSync(folder, { recursive: true }));

async function outcomes(policy: string, lengths: string, more: object = {}): Promise<readonly Outcome[]> {
  const options = await scenarioOptions({
    model: "llama-3.1-8b",
    hardware: "h100-sxm",
    "input-len": 100,
    "output-len": 4000,
    "request-rate": 1,
    "num-requests": 4,
    policy,
    "length-inflation": lengths,
    ...more,
  });
  const resolved = await resolve(options);
  return Promise.all(
    resolved.policies.map(async (each) => {
      const { scenario, result } = await simulate(options, resolved, each);
      return outcome(scenario, result, "0");
    }),
  );
}

const tokens = ({ metrics }: Outcome): number => metrics["total_output_tokens"] as number;

test("published lengths: dense as it was, eviction longer, said in the report", async () => {
  const [dense, quest] = (await outcomes("dense,quest:budget=1024", "published")) as [Outcome, Outcome];
  const [, off] = (await outcomes("dense,quest:budget=1024", "off")) as [Outcome, Outcome];
  expect(tokens(dense)).toBe(16_000);
  expect(tokens(off)).toBe(16_000);
  expect(tokens(quest)).toBeGreaterThan(20_000);
  expect(dense.lengthChange).toBeUndefined();
  expect(quest.lengthChange).toMatchObject({ policy: "quest", budget: 1024 });
  const { tables, notes } = serveReport(quest);
  expect(tables.map(({ title }) => title)).toContain("Length inflation: published and fitted");
  expect(notes.join("\n")).toMatch(/Output lengths are a model's/);
  expect(serveReport(off).tables.map(({ title }) => title)).not.toContain("Length inflation: published and fitted");
});

test("the context still limits outputs", async () => {
  const [quest] = (await outcomes("quest:budget=1024", "published", { "max-model-len": 4500 })) as [Outcome];
  expect(tokens(quest)).toBe(4 * 4400);
  expect(quest.metrics["truncated"]).toBe(4);
});

test("a policy that no table knows is refused, unless the user's own does", async () => {
  await expect(outcomes("dense,raas:budget=512", "published")).rejects.toThrow(
    /length-inflation: published tables: no lengths under raas; there are quest, /,
  );
  await expect(outcomes("dense", "nothing.json")).rejects.toThrow(/nothing.json: no such file/);
  const path = join(folder, "own.json");
  const point = { policy: "raas", denseMeanTokens: 4000, source: "own runs" };
  const points = [
    { ...point, budgets: [256], meanTokens: 8000 },
    { ...point, budgets: [1024], meanTokens: 5000 },
  ];
  writeFileSync(path, JSON.stringify({ title: "own runs", points }));
  const [raas] = (await outcomes("raas:budget=256", path)) as [Outcome];
  expect(tokens(raas) / 4).toBeCloseTo(8000, -1);
});

test("show prints the fit and what was published", async () => {
  const text = await showing("length-inflation");
  expect(text).toMatch(/fitted to published tables; amplitudes: quest/);
  expect(text).toMatch(/^quest +2,048 +15,100 +30,000 +1\.987 +\d\.\d{3} /m);
});
