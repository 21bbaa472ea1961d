import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readdirSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { asyncBufferFromFile, parquetMetadataAsync, parquetReadObjects } from "hyparquet";
import { afterEach, beforeEach, expect, test } from "vitest";
import { InputError } from "../core/check.js";
import { requestTimes, type RequestTable } from "../serve/request-table.js";
import { serve } from "../serve/serve.js";
import { keepAll, request, toyScenario } from "../test/toy.js";
import { parseSeconds } from "../workload/seconds.js";
import { withRequestFiles } from "./requests-file.js";
import { writeFiles } from "./write.js";

let folder: string;
beforeEach(() => (folder = mkdtempSync(join(tmpdir(), "requests-"))));
afterEach(() => rmSync(folder, { recursive: true }));

/** 40,000 requests, more than are taken in at once; one is too long for the context. */
const requests = Array.from({ length: 40_000 }, (_, id) => ({
  ...request(id, id * 3, id === 7 ? 2000 : 8, 1 + (id % 3)),
  ...(id % 2 === 0 ? { session: `s${id >> 2}`, tenant: "web" } : { group: id >> 3 }),
}));
/** Clients wait 2.5 s: requests of three tokens, a second each, are given up. */
const scenario = toyScenario({ requests, maxModelTokens: 1000, patience: parseSeconds(2.5, "patience") });

test("rows go to disk in groups while the run lasts, and read back as the table that keeps them all", async () => {
  await withRequestFiles([keepAll], folder, async ([file]) => {
    serve(scenario, { sink: file?.sink, exactRequests: 100 });
    file?.finish();
    expect(readdirSync(folder)).toEqual([`requests.parquet.${process.pid}.partial`]);
    writeFiles(folder, new Map(file === undefined ? [] : [[file.name, file]]));
    await Promise.resolve();
  });
  expect(readdirSync(folder)).toEqual(["requests.parquet"]);
  const file = await asyncBufferFromFile(join(folder, "requests.parquet"));
  expect((await parquetMetadataAsync(file)).row_groups.length).toBeGreaterThan(1);
  const rows = await parquetReadObjects({ file });
  const { requests: table } = serve(scenario);
  expect(rows).toHaveLength(table.length);
  for (const id of [0, 1, 2, 7, 16_384, 39_999]) expect(rows[id]).toEqual(expected(table, id));
  rows.forEach((row, id) => expect(row["end_s"]).toBe(orNull(table.end[id] as number)));
});

const orNull = (value: number): number | null => (Number.isNaN(value) ? null : value);

function expected(table: RequestTable, id: number): object {
  const { ttft, tpot, e2el } = requestTimes(table, id);
  return {
    id,
    sent_s: id * 3,
    admitted_s: orNull(table.admitted[id] as number),
    first_token_s: orNull(table.firstToken[id] as number),
    first_answer_token_s: orNull(table.firstAnswer[id] as number),
    end_s: orNull(table.end[id] as number),
    prompt_tokens: requests[id]?.promptTokens,
    output_tokens: requests[id]?.outputTokens,
    reasoning_tokens: 0,
    ttft_ms: orNull(ttft * 1000),
    tpot_ms: orNull(tpot * 1000),
    e2el_ms: orNull(e2el * 1000),
    preemptions: 0,
    replica: id === 7 ? -1 : 0,
    status: id === 7 ? "refused" : id % 3 === 2 ? "given up" : "completed",
    session: id % 2 === 0 ? `s${id >> 2}` : null,
    tenant: id % 2 === 0 ? "web" : null,
    question: id % 2 === 0 ? null : id >> 3,
  };
}

test("a run that fails leaves nothing behind, and a folder that cannot be written is named", async () => {
  const run = withRequestFiles([keepAll, keepAll], join(folder, "new"), () => Promise.reject(new Error("failed")));
  await expect(run).rejects.toThrow("failed");
  expect(readdirSync(join(folder, "new"))).toEqual([]);
  const refused = withRequestFiles([keepAll], "/proc/none", () => Promise.resolve());
  await expect(refused).rejects.toThrow(InputError);
});

test.each([
  ["SIGINT", 130],
  ["SIGTERM", 143],
] as const)("a run ended by %s leaves nothing", async (signal, exitCode) => {
  const main = fileURLToPath(new URL("../../dist/bin/main.js", import.meta.url));
  const load = ["--input-len", "64", "--output-len", "64", "--request-rate", "20", "--num-requests", "3000000"];
  const where = ["--model", "llama-3.1-8b", "--hardware", "h100-sxm", "--out", folder];
  const child = spawn(process.execPath, [main, "serve", ...where, ...load]);
  const ended = once(child, "exit");
  const size = (): number => {
    const [file] = readdirSync(folder);
    return file === undefined ? 0 : statSync(join(folder, file)).size;
  };
  for (let waited = 0; waited < 30_000 && size() === 0; waited += 20) await setTimeout(20);
  expect(size()).toBeGreaterThan(0); // rows are on disk, and most are still to come
  child.kill(signal);
  expect((await ended)[0]).toBe(exitCode);
  expect(readdirSync(folder)).toEqual([]);
});
