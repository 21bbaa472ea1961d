import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Ajv2020 } from "ajv/dist/2020.js";
import { afterAll, expect, test } from "vitest";
import { parse, stringify } from "yaml";
import { deploymentsReport, totals } from "../report/deployments-report.js";
import { outcome } from "../serve/outcome-of.js";
import { chartFaults } from "../test/chart-faults.js";
import type { RequestSpec } from "../workload/workload.js";
import { readDeployments, resolveDeployments } from "./deployments.js";
import { scenarioOptions, type Flags } from "./flags.js";
import { resolve } from "./resolve.js";
import { scenarioTemplate } from "./scenario-template.js";
import { jsonSchema } from "./schemas.js";
import { simulate } from "./simulate.js";

const folder = mkdtempSync(join(tmpdir(), "raas-sim-deployments-"));
afterAll(() => rmSync(folder, { recursive: true }));

function scenario(content: object): Flags {
  const path = join(folder, "s.yaml");
  writeFileSync(path, stringify(content));
  return { scenario: path };
}

const LENGTHS = { prompt: [{ kind: "lognormal", weight: 1, mu: 4, sigma: 0.5 }] };
const TENANTS = join(folder, "tenants.json");
writeFileSync(
  TENANTS,
  JSON.stringify({
    name: "two-tenants",
    title: "made up",
    sources: { made: "by hand" },
    notes: [],
    requestRate: { value: 2, source: "made" },
    arrivals: { process: "poisson", source: "made" },
    prompt: { components: LENGTHS.prompt, limit: 1000, source: "made" },
    output: {
      kind: "total",
      components: LENGTHS.prompt,
      limit: 500,
      source: "made",
      reasoning: { kind: "fixed", share: 0.5, source: "made" },
    },
    tenants: [
      { name: "web", share: 0.7 },
      { name: "batch", share: 0.3 },
    ],
  }),
);

const BASE = { hardware: "h100-sxm", model: "llama-3.1-8b", "num-requests": 60, "request-rate": 2 };

test("what a deployment says replaces what is common, and flags replace both; workloads of their own differ in seed", async () => {
  const file = scenario({
    ...BASE,
    workload: "reasoning-production",
    deployments: [
      { name: "a", "input-len": 10, "output-len": 20 },
      { name: "b", model: "qwen3-32b", tp: 2, "request-rate": 5 },
    ],
  });
  const [a, b] = (await readDeployments({ ...file, tp: "4" })) ?? [];
  expect(a?.options).toMatchObject({ model: "llama-3.1-8b", tp: 4, "input-len": 10, "request-rate": 2, seed: 0 });
  expect(a?.options.workload).toBeUndefined();
  expect(b?.options).toMatchObject({ model: "qwen3-32b", tp: 4, workload: "reasoning-production", "request-rate": 5 });
  expect(b?.options.seed).not.toBe(0);
  await expect(scenarioOptions(file)).rejects.toThrow(
    /s.yaml:\d+:1 deployments: only serve takes a scenario with several/,
  );
  expect(await readDeployments(scenario(BASE))).toBeUndefined(); // the same file, written anew
});

test("tenants of one workload on two deployments: together exactly its requests; results add up; seed 3", async () => {
  const common = { ...BASE, workload: TENANTS, seed: 3 };
  const whole = [...(await resolve(await scenarioOptions(scenario(common)))).workload.requests(3)];
  const file = scenario({
    ...common,
    deployments: [
      { name: "front", tenants: ["web"] },
      { name: "back", model: "qwen3-8b", tenants: ["batch"], replicas: 2 },
    ],
  });
  const deployments = (await readDeployments(file)) ?? [];
  const resolved = await resolveDeployments(deployments);
  const parts = resolved.map(({ workload }) => [...workload.requests(3)]);
  const sent = (requests: readonly RequestSpec[]): unknown[] =>
    requests.map(({ arrival, promptTokens, outputTokens, tenant }) => [arrival, promptTokens, outputTokens, tenant]);
  expect(parts[0]?.every(({ tenant }) => tenant === "web")).toBe(true);
  expect(sent(parts.flat().sort((x, y) => x.id - y.id))).toEqual(sent(whole));
  const outcomes = [];
  for (const [i, { name, options }] of deployments.entries()) {
    const { workload, policies, ...rest } = resolved[i] as Awaited<ReturnType<typeof resolve>>;
    const [policy] = policies;
    if (policy === undefined) throw new Error("no policy");
    const done = await simulate(options, { ...rest, workload, policies }, policy);
    outcomes.push({ ...outcome(done.scenario, done.result, "test"), label: name });
  }
  expect(totals(outcomes)["completed"]).toBe(60);
  expect(totals(outcomes)["total_output_tokens"]).toBe(whole.reduce((sum, { outputTokens }) => sum + outputTokens, 0));
  const report = deploymentsReport(outcomes);
  expect(report.title).toBe("Deployments: front, back");
  for (const { spec, name } of report.charts) expect(chartFaults(spec), name).toEqual([]);
});

test.each<[object, RegExp]>([
  [{ deployments: [] }, /deployments: expected a list of deployments/],
  [{ deployments: ["a"] }, /deployments\[0\]: expected a mapping/],
  [{ deployments: [{ model: "qwen3-8b" }] }, /deployments\[0\]\.name: is missing/],
  [{ deployments: [{ name: "A b" }] }, /deployments\[0\]\.name: "A b" is not allowed/],
  [{ deployments: [{ name: "a", tp: 0 }] }, /deployments a\.tp: 0 is not allowed; expected a whole number from 1/],
  [{ deployments: [{ name: "a", speed: 1 }] }, /deployments a\.speed: unknown key/],
  [{ deployments: [{ name: "a" }, { name: "a" }] }, /two deployments are named a$/],
  [{ deployments: [{ name: "a" }], speed: 1 }, /s.yaml:\d+:1 speed: unknown key/],
  [{ deployments: [{ name: "a", tenants: "web" }] }, /deployments a\.tenants: expected a list/],
  [
    { deployments: [{ name: "a", policy: "dense,tova:budget=64" }] },
    /deployment a: a deployment has one policy, 2 are/,
  ],
  [{ deployments: [{ name: "a", tenants: ["web"] }] }, /deployments: tenant batch of two-tenants is served by none$/],
  [
    {
      deployments: [
        { name: "a", tenants: ["web", "batch"] },
        { name: "b", tenants: ["web"] },
      ],
    },
    /deployment b: tenant web is served by a too$/,
  ],
  [{ deployments: [{ name: "a", tenants: ["x"] }] }, /tenant x is not known; two-tenants has the tenants web, batch$/],
])("%j is refused", async (content, message) => {
  const read = async (): Promise<unknown> =>
    resolveDeployments((await readDeployments(scenario({ ...BASE, workload: TENANTS, ...content }))) ?? []);
  await expect(read()).rejects.toThrow(message);
});

test("the example in a new scenario file is one, for the schema too", async () => {
  const example = scenarioTemplate().split("# deployments:\n")[1] as string;
  const file = `hardware: h100-sxm\nworkload: reasoning-production\ndeployments:\n${example.replaceAll(/^#/gm, "")}`;
  const path = join(folder, "example.yaml");
  writeFileSync(path, file);
  expect(await resolveDeployments((await readDeployments({ scenario: path })) ?? [])).toHaveLength(2);
  const valid = new Ajv2020({ strict: false }).compile(jsonSchema("scenario"));
  expect(valid(parse(file))).toBe(true);
  expect(valid({ ...(parse(file) as object), speed: 1 })).toBe(false);
});
