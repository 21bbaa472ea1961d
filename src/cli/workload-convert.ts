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
    [log.thinkS !== null, "think times"],
    [log.blocks !== null, "prefix blocks"],
    [log.secondOfDay !== null, "the hour of the day"],
    [!log.hasArrivals, "that it has no arrivals, all of them 0"],
  ];
  return kept.filter(([has]) => has).map(([, what]) => what);
}

async function parquet(log: RequestLog): Promise<Uint8Array> {
  const { parquetWriteBuffer } = await import("hyparquet-writer");
  const columns = [
    { name: "arrival_s", data: log.arrival, type: "DOUBLE" as const },
    { name: "prompt_tokens", data: log.promptTokens, type: "INT32" as const },
    { name: "output_tokens", data: log.outputTokens, type: "INT32" as const },
    { name: "reasoning_tokens", data: log.reasoningTokens, type: "INT32" as const },
    { name: "priority", data: log.priority, type: "INT32" as const },
  ];
  const session = log.session === null ? [] : [{ name: "session", data: [...log.session], type: "STRING" as const }];
  const prompt =
    log.promptId === null
      ? []
      : [{ name: "prompt_id", data: Array.from(log.promptId, (id) => (id === 0 ? null : id)), type: "INT32" as const }];
  return new Uint8Array(parquetWriteBuffer({ columnData: [...columns, ...session, ...prompt] }));
}

function* csv(log: RequestLog): Generator<Uint8Array> {
  const { session, promptId } = log;
  const others = `${session === null ? "" : ",session"}${promptId === null ? "" : ",prompt_id"}`;
  yield Buffer.from(`arrival_s,prompt_tokens,output_tokens,reasoning_tokens,priority${others}\n`);
  yield* textBlocks(log, (row) => {
    const cells: (number | string)[] = [
      log.arrival,
      log.promptTokens,
      log.outputTokens,
      log.reasoningTokens,
      log.priority,
    ].map((column) => column[row] as number);
    if (session !== null) cells.push(quoted(session[row] as string));
    if (promptId !== null) cells.push(promptId[row] || "");
    return cells.join(",");
  });
}

function* jsonl(log: RequestLog): Generator<Uint8Array> {
  yield* textBlocks(log, (row) =>
    JSON.stringify({
      arrival_s: log.arrival[row],
      prompt_tokens: log.promptTokens[row],
      output_tokens: log.outputTokens[row],
      reasoning_tokens: log.reasoningTokens[row],
      priority: log.priority[row],
      ...(log.session === null ? {} : { session: log.session[row] }),
      ...(log.promptId === null || log.promptId[row] === 0 ? {} : { prompt_id: log.promptId[row] }),
    }),
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
