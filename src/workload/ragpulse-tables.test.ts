import { expect, test } from "vitest";
import { LogImport } from "./log-import.js";
import { logStatistics } from "./log-statistics.js";
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
