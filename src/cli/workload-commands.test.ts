import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { parquetWriteBuffer } from "hyparquet-writer";
import { afterAll, expect, test } from "vitest";
import { LOG_SAMPLES } from "../test/log-samples.js";
import type { RequestLog } from "../workload/log-rows.js";
import { scenarioOptions } from "./flags.js";
import { resolve } from "./resolve.js";
import { writeLog } from "./workload-convert.js";
import { importLog } from "./workload-file.js";

const folder = mkdtempSync(join(tmpdir(), "raas-sim-workload-"));
afterAll(() => rmSync(folder, { recursive: true }));

function file(name: string, content: string | Uint8Array): string {
  const path = join(folder, name);
  writeFileSync(path, content);
  return path;
}

const sample = (format: string): string => LOG_SAMPLES.findLast((known) => known.format === format)?.text ?? "";

function command(...args: readonly string[]): { status: number | null; stdout: string; stderr: string } {
  const main = new URL("../../dist/bin/main.js", import.meta.url).pathname;
  return spawnSync(process.execPath, [main, ...args], { encoding: "utf8" });
}

test("info, as JSON and as tables", () => {
  const path = file("moon.any", gzipSync(sample("mooncake")));
  const { stdout, status } = command("workload", "info", path, "--json");
  expect(status).toBe(0);
  expect(JSON.parse(stdout)).toMatchObject({
    file: path,
    format: "mooncake",
    requests: 2,
    promptTokens: { n: 2, mean: 1260, max: 1500 },
    arrivals: { spanS: 3, requestsPerS: 1 / 3 },
    prefix: { references: 5, distinct: 4, blockTokens: 512 },
  });
  const text = command("workload", "info", path).stdout;
  expect(text).toMatch(/^Requests +2$/m);
  expect(text).toMatch(/^Ideal prefix hit rate, tokens +20.3 %$/m);
  expect(text).toMatch(/^Prompt \(tokens\) +2 +1,260 /m);
  const limited = command("workload", "info", path, "--cache-blocks", "1,3");
  expect(limited.stdout).toMatch(/^Hits of an LRU cache of 1 blocks +0.0 % of blocks, 0.0 % of tokens$/m);
  expect(limited.stdout).toMatch(/^Hits of an LRU cache of 3 blocks +20.0 % of blocks, 20.3 % of tokens$/m);
  const none = command(
    "workload",
    "info",
    file("plain.csv", "arrival_s,prompt_tokens,output_tokens\n1,2,3\n"),
    "--cache-blocks",
    "9",
  );
  expect(none.status).toBe(2);
  expect(none.stderr).toMatch(/^raas-sim: --cache-blocks: needs a log that knows what .* a column prompt_id\n$/);
  const named = file("ids.csv", "arrival_s,prompt_tokens,output_tokens,prompt_id\n0,40,1,a\n1,40,1,a\n");
  const hits = command("workload", "info", named, "--cache-blocks", "1,2").stdout;
  expect(hits).toMatch(/^Ideal prefix hit rate, blocks +50.0 %$/m);
  expect(hits).toMatch(/^Hits of an LRU cache of 1 blocks +0.0 % of blocks, 0.0 % of tokens$/m);
  expect(hits).toMatch(/^Hits of an LRU cache of 2 blocks +50.0 % of blocks, 40.0 % of tokens$/m);
  expect(command("workload", "info", path, "--cache-blocks", "1,x").stderr).toMatch(
    /"1,x" is not allowed; expected whole/,
  );
});

test("info with --out writes a report; a folder of client models is described; one file of it names the folder", () => {
  const moon = join(folder, "report");
  expect(command("workload", "info", file("moon.any", sample("mooncake")), "--out", moon, "--svg").status).toBe(0);
  expect(readdirSync(moon).sort()).toEqual(["charts", "report.html", "result.json"]);
  expect(readdirSync(join(moon, "charts"))).toContain("request-lengths.svg");
  expect(JSON.parse(readFileSync(join(moon, "result.json"), "utf8"))).toMatchObject({
    format: "mooncake",
    requests: 2,
  });
  const clients = join(folder, "clients");
  mkdirSync(clients);
  writeFileSync(join(clients, "c-trace.csv"), "0,2,1,Gamma,1,1\n");
  writeFileSync(join(clients, "c-dataset.json"), '{"0": {"input_tokens": "{3: 1}", "output_tokens": "{4: 1}"}}');
  const { stdout } = command("workload", "info", clients, "--json", "--out", join(folder, "mix"));
  expect(JSON.parse(stdout)).toMatchObject({ clients: 1, requests: 1200, promptTokens: { mean: 3, max: 3 } });
  expect(readdirSync(join(folder, "mix")).sort()).toEqual(["report.html", "result.json"]);
  for (const name of ["c-trace.csv", "c-dataset.json"]) {
    const { status, stderr } = command("workload", "info", join(clients, name));
    expect(status).toBe(2);
    expect(stderr).toMatch(
      /holds client models of ServeGen .* name the folder in which NAME-trace.csv and NAME-dataset/,
    );
  }
});

test("the files of a folder that become one log are named", () => {
  const logs = join(folder, "logs");
  mkdirSync(logs);
  for (let i = 0; i < 10; i++) writeFileSync(join(logs, `${i}.csv`), "arrival_s,prompt_tokens,output_tokens\n1,2,3\n");
  writeFileSync(join(logs, "README.md"), "no log");
  const note =
    "10 files of the folder, read as one log: 0.csv, 1.csv, 2.csv, 3.csv, 4.csv, 5.csv, 6.csv, 7.csv and 2 more.";
  expect(command("workload", "info", logs).stdout).toContain(`Notes\n- ${note}`);
  expect(command("workload", "convert", logs, "-o", join(folder, "all.csv")).stderr).toContain(note);
  const model = ["--model", "llama-3.1-8b", "--hardware", "h100-sxm"];
  expect(JSON.parse(command("serve", ...model, "--workload", logs, "--json").stdout)).toMatchObject({
    completed: 10,
    notes: expect.arrayContaining([note]) as unknown,
  });
  expect(command("workload", "info", join(logs, "0.csv")).stdout).not.toContain("of the folder");
});

test("info refuses what it does not know with 2 and no stack", () => {
  const { status, stderr } = command("workload", "info", file("x", "a,b\n1,2\n"));
  expect(status).toBe(2);
  expect(stderr).toMatch(/^raas-sim: .*x:1: no format is recognised; found columns "a", "b"; known are raas-sim \(/);
  expect(stderr).not.toMatch(/\n.*at /);
  expect(command("workload", "info", join(folder, "none.csv")).stderr).toMatch(/none.csv: .*no such file/);
});

/** Blocks of each request, numbered in the order in which they are first met: names do not matter, who shares does. */
function firstSeen(blocks: RequestLog["blocks"]): unknown {
  const known = new Map<number, number>();
  return blocks?.start.reduce<number[][]>((rows, start, row) => {
    const ids = [...blocks.ids.subarray(start, start + (blocks.count[row] as number))];
    for (const id of ids) if (!known.has(id)) known.set(id, known.size);
    return [...rows, ids.map((id) => known.get(id) as number)];
  }, []);
}

test.each(["parquet", "csv", "jsonl"])("convert to %s and back changes nothing", async (ending) => {
  for (const { format, text } of LOG_SAMPLES) {
    const log = await importLog(file("in", text), undefined);
    const out = join(folder, `out.${ending}`);
    await writeLog(log, out);
    const back = await importLog(out, undefined);
    const columns = (each: RequestLog): unknown => ({
      arrival: [...each.arrival],
      lengths: [each.promptTokens, each.outputTokens, each.reasoningTokens].map((column) => [...column]),
      priority: [...each.priority],
      session: each.session,
      promptId: each.promptId,
      thinkS: each.thinkS,
      blockTokens: each.blocks?.blockTokens,
      blocks: firstSeen(each.blocks),
    });
    expect(columns(back), format).toEqual(columns(log));
    expect(back.notes).toEqual([]);
  }
});

test("convert says what it leaves out and writes nothing where the ending is wrong", async () => {
  const log = await importLog(file("in", sample("kv-cache-tester")), undefined);
  expect(log.thinkS).not.toBeNull();
  expect(log.blocks).not.toBeNull();
  expect(await writeLog(log, join(folder, "kv.csv"))).toEqual([]);
  expect(await writeLog(await importLog(file("in2", sample("azure")), undefined), join(folder, "a.csv"))).toEqual([
    "the hour of the day",
  ]);
  await expect(writeLog(log, join(folder, "kv.txt"))).rejects.toThrow(/^--out: ".*kv.txt" is not allowed; expected/);
  expect(command("workload", "convert", join(folder, "in")).stderr).toMatch(/--out: is missing/);
});

test("Parquet of another layout, by its columns, with 64-bit integers; damaged Parquet", async () => {
  const columnData = [
    { name: "in", data: [5n, 6n], type: "INT64" as const },
    { name: "out", data: [7n, 8n], type: "INT64" as const },
    { name: "ts", data: [1000n, 3000n], type: "INT64" as const },
  ];
  const bytes = new Uint8Array(parquetWriteBuffer({ columnData }));
  const log = await importLog(file("p", bytes), "arrival=ts:ms,prompt=in,output=out");
  expect([...log.arrival, ...log.promptTokens, ...log.outputTokens]).toEqual([0, 2, 5, 6, 7, 8]);
  await expect(importLog(file("p", bytes.subarray(0, bytes.length - 7)), undefined)).rejects.toThrow(
    /p: is not complete Parquet/,
  );
});

test("a folder of sessions is one log; others in it are refused", async () => {
  const sessions = join(folder, "sessions");
  mkdirSync(sessions);
  writeFileSync(join(sessions, "b.json"), sample("kv-cache-tester").replace("t1", "t2"));
  writeFileSync(join(sessions, "a.json.gz"), gzipSync(sample("kv-cache-tester")));
  writeFileSync(join(sessions, "README.md"), "text");
  const log = await importLog(sessions, undefined);
  expect(log).toMatchObject({ length: 6, session: ["t1", "t2", "t1/x", "t2/x", "t1", "t2"] });
  expect(log.notes).toContain("Sessions have no common clock: all of them start at 0 s.");
  expect(log.blocks?.distinct).toBe(6); // ids count from 1 in every session
  writeFileSync(join(sessions, "c.csv"), sample("azure"));
  await expect(importLog(sessions, undefined)).rejects.toThrow(
    /c.csv: is azure, the files before it are kv-cache-tester/,
  );
});

test("gzip that ends early, in chunks", async () => {
  const packed = gzipSync(sample("azure"));
  await expect(importLog(file("cut", packed.subarray(0, 40)), undefined)).rejects.toThrow(
    /cut: is not complete gzip data \(unexpected end of file\)/,
  );
});

const SCENARIO = { model: "llama-3.1-8b", hardware: "h100-sxm" };

test("any recognised log is a workload; one without arrivals gets a rate", async () => {
  for (const { text, prompts } of LOG_SAMPLES) {
    const { workload } = await resolve(await scenarioOptions({ ...SCENARIO, workload: file("w.log", text) }));
    expect([...workload.requests(0)].map((request) => request.promptTokens)).toEqual(prompts);
  }
  const lengths = file("lengths.csv", "num_prefill_tokens,num_decode_tokens\n5,6\n7,8\n9,10\n");
  const arrivals = async (flags: object): Promise<readonly number[]> => {
    const { workload } = await resolve(await scenarioOptions({ ...SCENARIO, workload: lengths, ...flags }));
    return Array.from(workload.requests(1), (request) => request.arrival);
  };
  expect(await arrivals({})).toEqual([0, 0, 0]);
  const drawn = await arrivals({ "request-rate": "2" });
  expect(drawn[0]).toBe(0);
  expect(drawn[2]).toBeGreaterThan(drawn[1] as number);
  expect((await arrivals({ "request-rate": "4" }))[2]).toBeCloseTo((drawn[2] as number) / 2, 12);
  const named = file("named.csv", "in,out\n5,6\n");
  const flags = { ...SCENARIO, workload: named, columns: "prompt=in,output=out" };
  expect([...(await resolve(await scenarioOptions(flags))).workload.requests(0)]).toHaveLength(1);
  await expect(scenarioOptions({ ...SCENARIO, columns: "x" }).then(resolve)).rejects.toThrow(
    /columns: needs a request log/,
  );
});

test("a session's requests are said to be open-loop", async () => {
  const { workload } = await resolve(
    await scenarioOptions({ ...SCENARIO, workload: file("k.json", sample("kv-cache-tester")) }),
  );
  expect(workload.notes.join(" ")).toMatch(/none waits for the answer before it/);
  expect(workload.sharesPrefixes).toBe(true);
});
