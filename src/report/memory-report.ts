import type { MemoryPlan } from "../serve/memory-plan.js";
import { memoryLayoutChart } from "./charts/memory-layout.js";
import { memoryTables } from "./memory-tables.js";
import type { Report } from "./report.js";

/** The page of `raas-sim memory`: the bar of each policy, then the tables. */
export function memoryReport(plan: MemoryPlan, data: object, notes: readonly string[]): Report {
  const { options, policies, problem } = plan;
  return {
    title: `Memory: ${options.model} on ${options.tp} × ${options.hardware}`,
    subtitle: `${options.engine}, ${options["gpu-memory-utilization"]} of the memory, ${options["max-num-batched-tokens"]} tokens and ${options["max-num-seqs"]} sequences an iteration`,
    charts: [memoryLayoutChart(policies)],
    tables: memoryTables(plan),
    notes,
    warnings: problem === undefined ? [] : [problem],
    data,
  };
}
