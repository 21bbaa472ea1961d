import { blocksOf, nameOf, plainNumber, secondsOf, tokensOf } from "./json-values.js";
import type { JsonFormat } from "./log-reader.js";

const BLOCK_TOKENS = 16; // the publisher's file names say so: *_blksz_16.jsonl

/** Qwen-Bailian: github.com/alibaba-edu/qwen-bailian-usagetraces-anon, Apache-2.0. Follow-ups name the request before. */
export const BAILIAN: JsonFormat = {
  name: "qwen-bailian",
  marks: "chat_id, parent_chat_id, timestamp, input_length and output_length",
  matches: (row) =>
    ["chat_id", "parent_chat_id", "timestamp", "input_length", "output_length"].every((key) => key in row),
  open() {
    const roots = new Map<string, string>(); // request → first of its session
    return {
      read(row, rows, fail, path) {
        const id = nameOf(row["chat_id"], "chat_id", fail);
        const parent = nameOf(row["parent_chat_id"], "parent_chat_id", fail);
        if (roots.has(id)) throw fail(`chat_id ${id} is there twice`);
        const root = parent === "-1" || parent === "" ? id : (roots.get(parent) ?? parent);
        roots.set(id, root);
        const prompt = tokensOf(row["input_length"], "input_length", fail);
        const output = tokensOf(row["output_length"], "output_length", fail);
        const time = secondsOf(plainNumber(row["timestamp"]), "timestamp", fail);
        const ids = row["hash_ids"] === undefined ? undefined : blocksOf(row["hash_ids"], "hash_ids", fail);
        if (rows.add(time, prompt, output, 0, 0, root) && ids !== undefined) rows.blocks(ids, "", path);
      },
      traits: () => ({ ticksPerSecond: 1, blockTokens: BLOCK_TOKENS, notes: [] }),
    };
  },
};
