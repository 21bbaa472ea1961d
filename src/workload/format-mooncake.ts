import { BlockSize } from "./block-size.js";
import { blocksOf, ticksOf, tokensOf } from "./json-values.js";
import { TICKS } from "./log-fields.js";
import type { JsonFormat } from "./log-reader.js";

/**
 * Mooncake, and what follows it (vLLM's timed_trace, AIPerf): github.com/kvcache-ai/Mooncake, FAST25-release/traces.
 * An id names a block and all before it; the block size is not stated (Mooncake's is 512), counts are rounded up.
 */
export const MOONCAKE: JsonFormat = {
  name: "mooncake",
  marks: "timestamp, input_length, output_length and a list hash_ids",
  matches: (row) =>
    ["timestamp", "input_length", "output_length"].every((key) => key in row) &&
    Array.isArray(row["hash_ids"]) &&
    !("chat_id" in row),
  open() {
    const size = new BlockSize();
    return {
      read(row, rows, fail, path) {
        const prompt = tokensOf(row["input_length"], "input_length", fail);
        const output = tokensOf(row["output_length"], "output_length", fail);
        const time = ticksOf(row["timestamp"], "timestamp", TICKS.ms, fail);
        const ids = blocksOf(row["hash_ids"], "hash_ids", fail);
        if (!rows.add(time, prompt, output, 0, 0, "")) return;
        size.add(prompt, ids.length);
        rows.blocks(ids, "", path);
      },
      traits: () => ({ ticksPerSecond: TICKS.ms, blockTokens: size.value(), notes: [] }),
    };
  },
};
