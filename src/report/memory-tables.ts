import type { MemoryPlan } from "../serve/memory-plan.js";
import type { MemoryLayout } from "../serve/outcome.js";
import { dollars, gib, integer, memory, percent } from "./format.js";
import type { ReportTable } from "./report.js";
import { textTable } from "./text-table.js";

/** Parts of one GPU's memory, in the order of a stacked bar. */
export const MEMORY_PARTS: readonly {
  readonly part: string;
  readonly of: keyof MemoryLayout;
  readonly color: string;
}[] = [
  { part: "weights", of: "weight_bytes", color: "#0072B2" },
  { part: "activations", of: "activation_bytes", color: "#D55E00" },
  { part: "outside the framework", of: "non_torch_bytes", color: "#CC79A7" },
  { part: "CUDA graphs", of: "cuda_graph_bytes", color: "#E69F00" },
  { part: "CUDA context", of: "context_bytes", color: "#56B4E9" },
  { part: "KV pool", of: "kv_cache_bytes", color: "#009E73" },
  { part: "not used", of: "free_bytes", color: "#6E6E6E" },
];

/** What `raas-sim memory` says, table by table. */
export function memoryTables(plan: MemoryPlan): readonly ReportTable[] {
  const { policies, fitting, sequenceTokens, promptTokens, maxModelLen } = plan;
  const [first] = policies;
  const layout = first?.memory;
  return [
    ...(layout === undefined ? [] : [partsTable(layout, plan.options.tp, plan.missingBytes)]),
    {
      title: `Sequences of ${integer(sequenceTokens)} tokens, ${integer(promptTokens)} of them prompt, in the pool of one replica`,
      columns: ["Policy", "KV tokens", "KV blocks", "longest sequence", "a sequence", "sequences at once"],
      rows: policies.map((policy) => [
        policy.label,
        integer(policy.memory.kv_cache_tokens),
        integer(policy.memory.num_gpu_blocks),
        integer(policy.longest_sequence_tokens),
        memory(policy.sequence_bytes),
        integer(policy.full_sequences),
      ]),
    },
    {
      title: `Fewest GPUs that hold at least one sequence of ${integer(maxModelLen)} tokens under ${first?.label ?? "the policy"}`,
      columns: ["Hardware", "GPUs", "KV tokens", "sequences at once", "$/h"],
      rows: [...fitting]
        .sort((a, b) => a.price_per_hour - b.price_per_hour)
        .map((each) => [
          each.hardware,
          String(each.tp),
          integer(each.kv_cache_tokens),
          integer(each.full_sequences),
          dollars(each.price_per_hour),
        ]),
    },
  ].filter(({ rows }) => rows.length > 0);
}

function partsTable(layout: MemoryLayout, tp: number, missingBytes: number): ReportTable {
  // An engine that cannot start lacks more than the GPU does: it takes a share of its memory only.
  const bytesOf = (of: keyof MemoryLayout): number =>
    of === "free_bytes" && missingBytes > 0 ? missingBytes : Math.abs(layout[of]);
  return {
    title: tp === 1 ? "Memory of the GPU" : `Memory of each of ${tp} GPUs`,
    columns: ["Part", "size", "share"],
    rows: [
      ...MEMORY_PARTS.map(({ part, of }) => [
        of === "free_bytes" && (layout[of] < 0 || missingBytes > 0) ? "missing" : part,
        gib(bytesOf(of)),
        percent(bytesOf(of) / layout.gpu_memory_bytes),
      ]),
      ["all", gib(layout.gpu_memory_bytes), percent(1)],
    ],
  };
}

/** The tables for a terminal. */
export function memoryText(plan: MemoryPlan): string {
  return memoryTables(plan)
    .map(({ title, columns, rows }) => {
      const table = textTable(
        columns.map((name, i) => ({ title: name, align: i === 0 ? "left" : "right" })),
        rows,
      );
      return `${title}\n${table}`;
    })
    .join("\n\n");
}
