import { absent, blocksOf, isRow, nameOf, plainNumber, rowOf, secondsOf, tokensOf } from "./json-values.js";
import type { JsonFormat } from "./log-reader.js";

/** In the order in which the publisher's own replay joins them. */
const PARTS = ["sys_prompt", "passages_ids", "history", "web_search", "user_input"] as const;
const NOON_S = 43_200; // the trace starts at noon, local time

/** What names a chunk in its side table. */
const TABLES = ["sys_prompt_id", "passage_id", "history_id", "web_search_id", "user_input_id"] as const;
const LENGTH = "token_length";
const NO_TABLES =
  "How long chunks are stands in the side tables beside the trace: name the folder of both to reuse prompts.";

/**
 * RAGPulse: github.com/flashserve/RAGPulse, MIT; arXiv 2511.12979. Chunks differ in size; a folder with the side tables
 * beside the trace has their lengths, under one name space.
 */
export const RAGPULSE: JsonFormat = {
  name: "ragpulse",
  marks: `timestamp, input_length, output_length and an object hash_ids of ${PARTS.join(", ")}`,
  matches: (row) =>
    isTable(row) || ("input_length" in row && isRow(row["hash_ids"]) && PARTS.some((part) => part in rowAt(row))),
  open() {
    const lengths = new Map<unknown, number>();
    return {
      read(row, rows, fail, path) {
        const table = isTable(row) ? TABLES.find((key) => key in row) : undefined;
        if (table !== undefined) {
          lengths.set(tokensOf(row[table], table, fail), tokensOf(row[LENGTH], LENGTH, fail));
          return;
        }
        const parts = rowOf(row["hash_ids"], "hash_ids", fail);
        const ids = PARTS.flatMap((part) => (absent(parts[part]) ? [] : blocksOf(parts[part], part, fail)));
        const prompt = tokensOf(plainNumber(row["input_length"]), "input_length", fail);
        const output = tokensOf(plainNumber(row["output_length"]), "output_length", fail);
        const time = secondsOf(plainNumber(row["timestamp"]), "timestamp", fail);
        const session = nameOf(row["session_id"], "session_id", fail);
        if (rows.add(time, prompt, output, 0, 0, session)) rows.blocks(ids, "", path);
      },
      traits: () => ({
        ticksPerSecond: 1,
        midnight: NOON_S,
        ...(lengths.size === 0 ? { notes: [NO_TABLES] } : { notes: [], blockLengths: lengths }),
      }),
    };
  },
};

function isTable(row: Readonly<Record<string, unknown>>): boolean {
  return LENGTH in row && TABLES.some((key) => key in row);
}

function rowAt(row: Readonly<Record<string, unknown>>): object {
  return row["hash_ids"] as object;
}
