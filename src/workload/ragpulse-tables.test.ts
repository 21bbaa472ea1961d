import { expect, test } from "vitest";
import { LogImport } from "./log-import.js";
import { logStatistics } from "./log-statistics.js";
import { logWorkload } from "./log-workload.js";
import type { RequestLog } from "./log-rows.js";

function imported(...files: readonly (readonly object[])[]): RequestLog {
  const log = new LogImport();
  files.forEach((rows, i) => {
    log.open(`${i}.jsonl`);
    log.push(Buffer.from(rows.map((row) => JSON.stringify(row)).join("\n")));
    log.close();
  });
  return log.finish("folder");
}

const request = (time: string, input: number, passages: readonly number[], user: number): object => ({
  timestamp: time,
  input_length: input,
  output_length: 5,
  hash_ids: { sys_prompt: [1], passages_ids: passages, history: [], web_search: [], user_input: [user] },
  session_id: "s",
});
const TRACE = [request("0", 170, [2, 3], 7), request("9", 100, [2, 4], 8), request("10", 25, [2, 3], 7)];
const TABLES = [
  [{ sys_prompt_id: 1, token_length: 20 }],
  [
    { passage_id: 2, token_length: 30 },
    { passage_id: 3, token_length: 100 },
    { passage_id: 4, token_length: 40 },
  ],
  [
    { user_input_id: 7, token_length: 12 },
    { user_input_id: 8, token_length: 3 },
  ],
];

test("side tables tell how long chunks are, before the trace or after it: the hit rate in tokens by hand", () => {
  // The second prompt begins as the first for chunks 1 and 2, 50 tokens; the third is the first again, cut at its length.
  for (const log of [imported(TRACE, ...TABLES), imported(...TABLES, TRACE)]) {
    expect(log.length).toBe(3);
    expect(logStatistics(log).prefix).toMatchObject({ blockHitRate: 6 / 12, tokenHitRate: (50 + 25) / 295 });
  }
  expect(logStatistics(imported(TRACE)).prefix).toMatchObject({ blockHitRate: 6 / 12, tokenHitRate: null });
});

test("tables alone are no log, and a broken one is named", () => {
  expect(() => imported(...TABLES)).toThrow(/^folder: has no requests/);
  expect(() => imported(TRACE, [{ passage_id: 1, token_length: -1 }])).toThrow(/^1.jsonl:1: token_length -1 is/);
});

test("with the tables prompts share as much text as they have leading chunks in common; without them none", () => {
  const alone = logWorkload(imported(TRACE), {}, "alone");
  expect(alone.sharesPrefixes).toBeUndefined();
  expect(alone.notes.join(" ")).toMatch(/side tables.*name the folder/);
  const log = imported(TRACE, ...TABLES);
  const workload = logWorkload(log, { rateScale: 2 }, "folder");
  expect(workload.sharesPrefixes).toBe(true);
  expect(workload.notes.join(" ")).not.toMatch(/side tables|nothing is reused/);
  const texts = new Map<string, number[]>(); // length of prompt and session → its numbers
  for (const { promptTokens, session, promptText = [] } of workload.requests(1)) {
    const numbers = promptText.flatMap(({ start, tokens }) => Array.from({ length: tokens }, (_, i) => start + i));
    texts.set(`${promptTokens} ${session}`, numbers);
  }
  const common = (a: string, b: string): number => {
    const [one = [], other = []] = [texts.get(a), texts.get(b)];
    const differs = one.findIndex((number, i) => number !== other[i]);
    return differs < 0 ? one.length : differs;
  };
  // Chunks of 20, 30, 100 and 12 tokens, 20, 30, 40 and 3; the third is the first again, cut at its own 25 tokens.
  expect([...texts].map(([name, { length }]) => [name, length])).toEqual(
    expect.arrayContaining([
      ["170 s", 162],
      ["100 s", 93],
      ["25 s", 25],
    ]),
  );
  expect([common("170 s", "100 s"), common("25 s", "170 s"), common("25 s", "100 s")]).toEqual([50, 25, 25]);
  expect(common("170 s, copy 2", "100 s, copy 2")).toBe(50);
  expect(common("170 s, copy 2", "170 s")).toBe(0);
});

test("behind a chunk that no table has, nothing is known", () => {
  const [sys] = TABLES as [object[]];
  const specs = [...logWorkload(imported(TRACE, sys), {}, "folder").requests(1)];
  expect(specs.map(({ promptText }) => promptText)).toEqual([
    [{ start: 0, tokens: 20 }],
    [{ start: 0, tokens: 20 }],
    [{ start: 0, tokens: 20 }],
  ]);
});
