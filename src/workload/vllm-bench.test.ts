import { expect, test } from "vitest";
import { jsonFault } from "./json-fault.js";
import { parseRequestLog, type RequestLog } from "./request-log.js";

const RUN = { backend: "vllm", input_lens: [5, 6], output_lens: [8, 9], start_times: [100, 101], errors: ["", ""] };
const parse = (...runs: readonly object[]): RequestLog =>
  parseRequestLog(Buffer.from(runs.map((run) => JSON.stringify(run)).join("\n")), "f");

test("--append-result: runs one after another are one log, in order of time, and that is said", () => {
  const log = parse(RUN, { ...RUN, input_lens: [7, 8], start_times: [50, 55] });
  expect([...log.promptTokens]).toEqual([7, 8, 5, 6]);
  expect([...log.arrival]).toEqual([0, 5, 50, 51]);
  expect(log.notes).toContain("2 runs of the benchmark, taken as one log.");
  expect(parse(RUN).notes).toEqual([]);
});

test("runs whose clocks do not go together are no log", () => {
  expect(() => parse(RUN, { ...RUN, start_times: [100.5, 180] })).toThrow(
    "f:2: start_times from 100.5 to 180 fall among those of another run, from 100 to 101",
  );
  expect(() => parse(RUN, { ...RUN, start_times: undefined })).toThrow("f:2: one run has start_times and another");
});

test.each([
  [{ ttfts: [1] }, "ttfts has 1 entries, input_lens 2"],
  [{ generated_texts: [] }, "generated_texts has 0 entries, input_lens 2"],
  [{ itls: [[0.1], [-0.1]] }, "itls[1][0] -0.1 is negative"],
  [{ output_lens: [8, 9.5] }, "output_lens[1] 9.5 is not a whole number"],
  [{ output_lens: "8" }, 'output_lens "8" is not a list'],
  [{ start_times: [1, null] }, "start_times[1] null is not a number of seconds"],
])("%j is refused by its field", (changes, problem) => {
  expect(() => parse({ ...RUN, ...changes })).toThrow(`f:1: ${problem}`);
});

test.each([
  ['{"a": 1, "ttfts": [0.1, NaN]}', "ttfts[1] is NaN"],
  ['{"a": {"b": "NaN: {", "c": -Infinity}}', "c is -Infinity"],
  ['{"itls": [[1, 2], [3, Infinity]], "z": NaN}', "itls[1] is Infinity"],
  ["[NaN]", "[0] is NaN"],
  ["NaN", "a value is NaN"],
  ['{"a": "NaN"}', undefined],
  ['{"a": NaN', undefined], // cut off: that is its trouble
])("%s: what Python wrote", (text, where) => {
  const said = where === undefined ? undefined : `${where}, which Python writes and JSON does not have`;
  expect(jsonFault(text)).toBe(said);
  if (said !== undefined && text.startsWith("{")) {
    expect(() => parseRequestLog(Buffer.from(text), "f")).toThrow(`f:1: ${said}`);
    expect(() => parseRequestLog(Buffer.from(`${text}\n{"a": 1}\n`), "f")).toThrow(`f:1: ${said}`);
  }
});
