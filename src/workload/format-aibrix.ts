import { isRow, listOf, nameOf, rowOf, ticksOf, tokensOf } from "./json-values.js";
import { TICKS } from "./log-fields.js";
import type { JsonFormat } from "./log-reader.js";

/** Workloads of AIBrix's generator: github.com/vllm-project/aibrix, benchmarks. Requests of one moment share a line. */
export const AIBRIX: JsonFormat = {
  name: "aibrix",
  marks: "timestamp and requests with Prompt Length and Output Length",
  matches({ timestamp, requests }) {
    if (timestamp === undefined || !Array.isArray(requests)) return false;
    const first: unknown = requests[0];
    return first === undefined || (isRow(first) && ("Prompt Length" in first || "Output Length" in first));
  },
  open: () => ({
    read(row, rows, fail) {
      const time = ticksOf(row["timestamp"], "timestamp", TICKS.ms, fail);
      for (const item of listOf(row["requests"], "requests", fail)) {
        const request = rowOf(item, "requests", fail);
        const prompt = tokensOf(request["Prompt Length"], "Prompt Length", fail);
        const output = tokensOf(request["Output Length"], "Output Length", fail);
        rows.add(time, prompt, output, 0, 0, nameOf(request["session_id"], "session_id", fail));
      }
    },
    traits: () => ({ ticksPerSecond: TICKS.ms, notes: [] }),
  }),
};
