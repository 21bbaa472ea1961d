import type { WorkloadDefinition } from "../workload/definition.js";
import { definitionWorkload } from "../workload/generate.js";
import type { Workload } from "../workload/workload.js";

/** Requests, rate (per second) and seed of `workloads/generated-reasoning-production.csv.gz`. */
export const GENERATED_LOG = { numRequests: 600, requestRate: 2, seed: 1 } as const;

/** The text of that log: drawn from the definition given, recorded nowhere. */
export function generatedLog(definition: WorkloadDefinition): string {
  const { numRequests, requestRate, seed } = GENERATED_LOG;
  return requestLogText(definitionWorkload(definition, { numRequests, requestRate }), seed);
}

/** A workload as a CSV request log, which `parseRequestLog` reads. Arrivals in microseconds' precision. */
function requestLogText(workload: Workload, seed: number): string {
  const lines = ["arrival_s,prompt_tokens,output_tokens,reasoning_tokens"];
  for (const { arrival, promptTokens, outputTokens, reasoningTokens } of workload.requests(seed)) {
    lines.push(`${arrival.toFixed(6)},${promptTokens},${outputTokens},${reasoningTokens}`);
  }
  return `${lines.join("\n")}\n`;
}
