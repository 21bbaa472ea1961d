import { InputError } from "../core/check.js";
import type { RequestLog } from "../workload/log-rows.js";
import { writeBlocks } from "./write.js";

const ROWS_A_BLOCK = 10_000;

/** Writes a log in the product's own format; the ending says how: .parquet, .csv or .jsonl. Returns what was left out. */
export async function writeLog(log: RequestLog, path: string): Promise<readonly string[]> {
  const ending = /\.(parquet|csv|jsonl)$/.exec(path)?.[1];
  if (ending === undefined) {
    throw new InputError("--out", `"${path}" is not allowed; expected a name that ends in .parquet, .csv or .jsonl`);
  }
  const blocks = ending === "parquet" ? [await parquet(log)] : ending === "csv" ? csv(log) : jsonl(log);
  await writeBlocks(path, blocks);
  const kept: readonly (readonly [boolean, string])[] = [
    [log.secondOfDay !== null, "the hour of the day"],
    [log.blocks?.tokens != null, "how long its prefix blocks are"],
    [!log.hasArrivals, "that it has no arrivals, all of them 0"],
  ];
  return kept.filter(([has]) => has).map(([, what]) => what);
}

interface Column {
  readonly name: string;
  readonly type: "DOUBLE" | "INT32" | "STRING";
  readonly value: (row: number) => number | string | null; // null: no value
}

/** Columns of the own format, those that the log has something for. */
function columnsOf(log: RequestLog): readonly Column[] {
  const numbers = (name: string, type: Column["type"], data: ArrayLike<number>): Column => ({
    name,
    type,
    value: (row) => data[row] as number,
  });
  const { session, promptId, thinkS, blocks } = log;
  const columns = [
    numbers("arrival_s", "DOUBLE", log.arrival),
    numbers("prompt_tokens", "INT32", log.promptTokens),
    numbers("output_tokens", "INT32", log.outputTokens),
    numbers("reasoning_tokens", "INT32", log.reasoningTokens),
    numbers("priority", "INT32", log.priority),
  ];
  if (session !== null) columns.push({ name: "session", type: "STRING", value: (row) => session[row] as string });
  if (promptId !== null) columns.push({ name: "prompt_id", type: "INT32", value: (row) => promptId[row] || null });
  if (thinkS !== null) {
    columns.push({
      name: "think_s",
      type: "DOUBLE",
      value: (row) => (Number.isNaN(thinkS[row]) ? null : (thinkS[row] as number)),
    });
  }
  if (blocks !== null) {
    const { start, count, ids, blockTokens } = blocks;
    const text = (row: number): string => {
      const from = start[row] as number;
      return ids.subarray(from, from + (count[row] as number)).join(" ");
    };
    columns.push({ name: "prefix_blocks", type: "STRING", value: (row) => text(row) || null });
    if (blockTokens !== null) columns.push({ name: "block_tokens", type: "INT32", value: () => blockTokens });
  }
  return columns;
}

async function parquet(log: RequestLog): Promise<Uint8Array> {
  const { parquetWriteBuffer } = await import("hyparquet-writer");
  const columnData = columnsOf(log).map(({ name, type, value }) => ({
    name,
    type,
    data: Array.from({ length: log.length }, (_, row) => value(row)),
  }));
  return new Uint8Array(parquetWriteBuffer({ columnData }));
}

function* csv(log: RequestLog): Generator<Uint8Array> {
  const columns = columnsOf(log);
  yield Buffer.from(`${columns.map(({ name }) => name).join(",")}\n`);
  yield* textBlocks(log, (row) =>
    columns
      .map(({ value }) => {
        const cell = value(row);
        return typeof cell === "string" ? quoted(cell) : cell === null ? "" : String(cell);
      })
      .join(","),
  );
}

function* jsonl(log: RequestLog): Generator<Uint8Array> {
  const columns = columnsOf(log);
  yield* textBlocks(log, (row) =>
    JSON.stringify(
      Object.fromEntries(columns.map(({ name, value }) => [name, value(row)]).filter(([, value]) => value !== null)),
    ),
  );
}

function* textBlocks(log: RequestLog, text: (row: number) => string): Generator<Uint8Array> {
  for (let from = 0; from < log.length; from += ROWS_A_BLOCK) {
    const rows: string[] = [];
    for (let row = from; row < Math.min(log.length, from + ROWS_A_BLOCK); row++) rows.push(`${text(row)}\n`);
    yield Buffer.from(rows.join(""));
  }
}

function quoted(text: string): string {
  return /[",\r\n]|^\s|\s$/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
