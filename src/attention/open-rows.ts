import type { AttentionTrace } from "../trace/attention-trace.js";
import type { AttentionRows, RowsWanted } from "./attention-rows.js";
import { QkvRows } from "./qkv-rows.js";
import type { RowKernel } from "./row-kernel.js";
import { ScoresRows } from "./scores-rows.js";

/** The attention rows of either kind of trace. */
export function openRows(trace: AttentionTrace, wanted: RowsWanted, kernel: RowKernel): AttentionRows {
  return trace.metadata.kind === "qkv" ? new QkvRows(trace, wanted, kernel) : new ScoresRows(trace, wanted, kernel);
}
