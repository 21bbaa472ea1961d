import { expect, test } from "vitest";
import { resolveProfile } from "../cli/resolve.js";
import { MODELS } from "../model/shapes.js";
import { createPolicy, POLICIES } from "../policy/table.js";
import { SCENARIO_OPTIONS } from "../serve/options.js";
import { scenario } from "../serve/scenario.js";
import { serve } from "../serve/serve.js";
import { caseWorkload } from "./case-workload.js";
import { steadyMetrics } from "./steady.js";

test("the engine is full from the B-th first token to the (N - B - 1)-th end", () => {
  const options = SCENARIO_OPTIONS.parse({ model: "qwen3-8b", hardware: "h100-sxm", "max-num-seqs": 2 });
  const profile = resolveProfile("h100-sxm");
  const workload = caseWorkload("pairs", { kind: "full", prompt: 100, output: 300, requests: 7 });
  const model = MODELS["qwen3-8b"];
  if (model === undefined) throw new Error("no model");
  const policy = createPolicy("dense", POLICIES.dense, {});
  const built = scenario(options, { model, profile, policy, workload });
  const result = serve(built);
  const { firstToken, end } = result.requests;
  // Of seven requests that run in pairs the fourth to end is the last of the second pair.
  const seconds = Math.max(...end.slice(2, 4)) - Math.max(...firstToken.slice(0, 2));
  const { output_throughput, mean_running_requests } = steadyMetrics(built, result);
  expect(((output_throughput ?? NaN) * seconds) / (4 * 300 - 2)).toBeCloseTo(1, 6); // without the first tokens of two
  expect(mean_running_requests).toBeGreaterThan(1.9);
  expect(mean_running_requests).toBeLessThanOrEqual(2);
});
