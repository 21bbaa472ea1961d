import type { MemoryPlan } from "../serve/memory-plan.js";
import { memoryLayoutChart } from "./charts/memory-layout.js";
import { memoryTables } from "./memory-tables.js";
import type { Report } from "./report.js";

/** The page of `raas-sim memory`: the bar of each policy, then the tables. `data.source` says what the engine's terms rest on. */
export function memoryReport(plan: MemoryPlan, data: { readonly source: string }, notes: readonly string[]): Report {
  const { options, policies, problem } = plan;
  return {
    title: `Memory: ${options.model} on ${options.tp} × ${options.hardware}`,
    subtitle: `${options.engine}, ${options["gpu-memory-utilization"]} of the memory, ${options["max-num-batched-tokens"]} tokens and ${options["max-num-seqs"]} sequences an iteration`,
    charts: [memoryLayoutChart(policies)],
    tables: [
      ...memoryTables(plan),
      { title: "Scenario", columns: ["Setting", "Value"], rows: settings(plan) },
      { title: "Engine", columns: ["Setting", "Value"], rows: [["memory terms", data.source]] },
    ],
    notes,
    warnings: problem === undefined ? [] : [problem.message],
    data,
  };
}

function settings({ options }: MemoryPlan): readonly (readonly string[])[] {
  return Object.entries(options).flatMap(([name, value]) => (value === undefined ? [] : [[name, String(value)]]));
}
