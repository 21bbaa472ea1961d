import { existsSync, readFileSync } from "node:fs";
import { gzipSync } from "node:zlib";
import { describe, expect, test } from "vitest";
import { parseAzureTime } from "./azure-time.js";
import { parseRequestLog, type RequestLog } from "./request-log.js";

const parse = (text: string): RequestLog => parseRequestLog(new TextEncoder().encode(text), "f");
const HEADER = "arrival_s,prompt_tokens,output_tokens,reasoning_tokens,session,priority\n";
const AZURE = "TIMESTAMP,ContextTokens,GeneratedTokens\n";

describe("what is read", () => {
  test("Azure, three shapes of time, last line without its end", () => {
    const log = parse(
      `${AZURE}2023-11-16 18:15:46.6805900,374,44\n2023-11-16 18:15:50.995169+00:00,396,109\n2023-11-16 18:16:00+00:00,1,2`,
    );
    expect(log.format).toBe("azure");
    expect([...log.arrival]).toEqual([0, 4.314579, 13.31941]);
    expect([...log.promptTokens]).toEqual([374, 396, 1]);
    expect([...log.outputTokens]).toEqual([44, 109, 2]);
    expect([...log.reasoningTokens, ...log.priority]).toEqual([0, 0, 0, 0, 0, 0]);
    expect(log.session).toBeNull();
    expect(log.notes).toEqual([]);
  });

  test("CSV: byte-order mark, CRLF, quotes, any order of columns, others noted", () => {
    const log = parse(
      '\ufeffsession,"output_tokens",model,arrival_s,prompt_tokens,priority,reasoning_tokens\r\n' +
        '"a ""b"", c",7,x,1.5,3,-2,5\r\n\r\n,"8",y,2e0,4.0,,\r\n',
    );
    expect(log.format).toBe("raas-sim");
    expect([...log.arrival]).toEqual([0, 0.5]);
    expect([...log.promptTokens, ...log.outputTokens, ...log.reasoningTokens]).toEqual([3, 4, 7, 8, 5, 0]);
    expect([...log.priority]).toEqual([-2, 0]);
    expect(log.session).toEqual(['a "b", c', ""]);
    expect(log.notes).toEqual(["Not read: columns model."]);
  });

  test("JSON lines, gzipped", () => {
    const text =
      '\n{"prompt_tokens":3,"arrival_s":5,"output_tokens":9,"reasoning_tokens":9,"session":"é","priority":1,"x":0}\r\n' +
      '{"arrival_s":7.25,"prompt_tokens":4,"output_tokens":2,"reasoning_tokens":null}';
    const log = parseRequestLog(gzipSync(text), "f");
    expect(log).toMatchObject({ format: "raas-sim", length: 2, session: ["é", ""], notes: ["Not read: keys x."] });
    expect([...log.arrival, ...log.reasoningTokens, ...log.priority]).toEqual([0, 2.25, 9, 0, 1, 0]);
    expect(parse('{"arrival_s":0,"prompt_tokens":4,"output_tokens":2}').session).toBeNull();
  });

  test("rows out of order are sorted, ties as they stood; failed calls are left out", () => {
    const log = parse(`${HEADER}9,1,1,0,a,0\n3,2,2,1,b,0\n9,3,3,0,c,5\n4,0,3,0,d,0\n5,3,0,0,e,0\n3,4,4,2,f,0\n`);
    expect([...log.arrival]).toEqual([0, 0, 6, 6]);
    expect(log.session).toEqual(["b", "f", "a", "c"]);
    expect([...log.reasoningTokens, ...log.priority]).toEqual([1, 2, 0, 0, 0, 0, 0, 5]);
    expect(log.notes).toEqual([
      "2 of 6 rows have 0 tokens (failed calls) and were left out.",
      "The rows were not in order of arrival and were sorted.",
    ]);
  });

  test("columns grow", () => {
    const log = parse(HEADER + Array.from({ length: 5000 }, (_, i) => `${i},${i + 1},7,3,s${i},1\n`).join(""));
    expect([log.length, log.arrival[4999], log.promptTokens[4999], log.session?.[4999]]).toEqual([
      5000,
      4999,
      5000,
      "s4999",
    ]);
  });
});

describe("Azure times against the calendar of the runtime", () => {
  test.each([
    "1970-01-01 00:00:00",
    "2000-02-29T23:59:59Z",
    "2023-11-16 18:15:46",
    "2024-03-01 00:00:00+02:30",
    "2100-12-31 12:00:00-01:00",
  ])("%s", (text) => {
    const time = { seconds: 0, ticks: 0 };
    const zoned = text.length === 19 ? `${text}Z` : text;
    expect(parseAzureTime(Buffer.from(text), 0, text.length, time)).toBe(true);
    expect(time.seconds * 1000).toBe(Date.parse(zoned.replace(" ", "T")));
  });

  test.each([
    "2023-02-29 00:00:00",
    "2023-13-01 00:00:00",
    "2023-1-01 00:00:00",
    "2023-01-01 24:00:00",
    "2023-01-01 00:00:00.",
    "2023-01-01 00:00:00.12345678",
    "2023-01-01 00:00:00 UTC",
    "2023-01-01 00:00:00+0000",
    "2023/01/01 00:00:00",
    "12.5",
    "",
  ])("%s is no time", (text) => {
    expect(parseAzureTime(Buffer.from(text), 0, text.length, { seconds: 0, ticks: 0 })).toBe(false);
  });
});

describe("what is refused", () => {
  test.each<[string, string, RegExp]>([
    ["empty", "", /^f: is empty$/],
    ["blank", "\ufeff \r\n\n", /^f: is empty$/],
    ["only a header", HEADER, /^f: has no requests$/],
    ["all failed", `${HEADER}0,0,1,0,,\n`, /^f: has no requests: all 1 rows are failed calls \(0 tokens\)$/],
    [
      "missing column",
      "arrival_s,prompt,output_tokens\n1,2,3\n",
      /^f:1: no column prompt_tokens, which raas-sim has; found columns "arrival_s", "prompt", "output_tokens"; known are/,
    ],
    ["missing Azure column", "TIMESTAMP,ContextTokens\n", /^f:1: no column GeneratedTokens, which azure has; found/],
    ["column twice", "arrival_s,arrival_s,prompt_tokens,output_tokens\n", /^f:1: column arrival_s is there twice/],
    ["another file", "PK\u0003\u0004 stuff", /^f:1: no format is recognised; found columns/],
    [
      "too few fields",
      `${AZURE}2023-11-16 18:15:46,1,2\n\n2023-11-16 18:15:4`,
      /^f:4: expected 3 fields, found 1: "2023-11-16 18:15:4"$/,
    ],
    ["too many fields", `${HEADER}1,2,3,0,a,0,9\n`, /^f:2: expected 6 fields, found 7: "1,2,3,0,a,0,9"$/],
    ["bad time", `${AZURE}yesterday,1,2\n`, /^f:2: TIMESTAMP "yesterday" is not a time like .*: "yesterday,1,2"$/],
    ["bad arrival", `${HEADER}NaN,2,3,0,a,0\n`, /^f:2: arrival_s "NaN" is not a number of seconds/],
    ["endless arrival", `${HEADER}1e999,2,3,0,a,0\n`, /^f:2: arrival_s "1e999"/],
    ["negative tokens", `${HEADER}1,-2,3,0,a,0\n`, /^f:2: prompt_tokens -2 is negative: "1,-2,3,0,a,0"$/],
    ["NaN tokens", `${HEADER}1,2,nan,0,a,0\n`, /^f:2: output_tokens "nan" is not a whole number/],
    ["no tokens", `${HEADER}1,,3,0,a,0\n`, /^f:2: prompt_tokens "" is not a whole number/],
    ["fractions", `${HEADER}1,2.5,3,0,a,0\n`, /^f:2: prompt_tokens "2.5" is not a whole number/],
    ["too many tokens", `${HEADER}1,2,10000001,0,a,0\n`, /^f:2: output_tokens 10000001 is more than 10000000/],
    ["far too many", `${HEADER}1,2,99999999999999999999,0,a,0\n`, /^f:2: output_tokens 1\d*00000 is more than/],
    ["reasoning above output", `${HEADER}1,2,3,4,a,0\n`, /^f:2: reasoning_tokens 4 is more than output_tokens 3/],
    ["priority", `${HEADER}1,2,3,0,a,3000000000\n`, /^f:2: priority 3000000000 is beyond 32 bits/],
    ["open quote", `${HEADER}1,2,3,0,"a,0\n2,2,3,0,b,0\n`, /^f:2: a quote is not closed/],
    ["text after a quote", `${HEADER}1,2,3,0,"a"b,0\n`, /^f:2: text after a closing quote/],
    ["line counting with quoted breaks", `${HEADER}1,2,3,0,"a\nb",0\nx,2,3,0,,0\n`, /^f:4: arrival_s "x"/],
    [
      "broken JSON",
      '{"arrival_s":0,"prompt_tokens":4,"output_tokens":2}\n{"arrival_s":',
      /^f:2: is not JSON: "\{\\"arrival_s\\":"$/,
    ],
    [
      "JSON without a key",
      '{"arrival_s":0,"output_tokens":2}',
      /^f:1: no key prompt_tokens, which raas-sim has; found keys "arrival_s", "output_tokens"/,
    ],
    ["JSON array line", '{"arrival_s":0,"prompt_tokens":4,"output_tokens":2}\n[1]', /^f:2: is not a JSON object/],
    [
      "JSON text for a number",
      '{"arrival_s":0,"prompt_tokens":"4","output_tokens":2}',
      /^f:1: prompt_tokens .*4.* is not a whole number/,
    ],
    ["JSON arrival", '{"arrival_s":"0","prompt_tokens":4,"output_tokens":2}', /^f:1: arrival_s/],
    ["JSON negative", '{"arrival_s":0,"prompt_tokens":-4,"output_tokens":2}', /^f:1: prompt_tokens -4 is negative/],
    ["JSON huge", '{"arrival_s":0,"prompt_tokens":4,"output_tokens":1e8}', /^f:1: output_tokens 100000000 is more/],
    [
      "JSON reasoning",
      '{"arrival_s":0,"prompt_tokens":4,"output_tokens":1,"reasoning_tokens":2}',
      /^f:1: reasoning_tokens 2 is more/,
    ],
    ["JSON priority", '{"arrival_s":0,"prompt_tokens":4,"output_tokens":1,"priority":"high"}', /^f:1: priority/],
    ["JSON session", '{"arrival_s":0,"prompt_tokens":4,"output_tokens":1,"session":{}}', /^f:1: session/],
  ])("%s", (_, text, message) => {
    const error = { name: "InputError", message: expect.stringMatching(message) as string };
    expect(() => parse(text)).toThrow(expect.objectContaining(error) as Error);
  });

  test("truncated and damaged gzip, UTF-16", () => {
    const zipped = gzipSync(`${HEADER}1,2,3,0,a,0\n`);
    expect(() => parseRequestLog(zipped.subarray(0, zipped.length - 9), "f.gz")).toThrow(
      /^f\.gz: is not complete gzip data/,
    );
    expect(() => parseRequestLog(Uint8Array.of(0x1f, 0x8b), "f.gz")).toThrow(/^f\.gz: is not complete gzip data/);
    expect(() => parseRequestLog(Uint8Array.of(0xff, 0xfe, 65, 0), "f")).toThrow(/UTF-16/);
  });
});

const TRACE = new URL("../../../shared/traces/azure-llm-2023-conv/AzureLLMInferenceTrace_conv.csv", import.meta.url);
const present = existsSync(TRACE);
if (!present) console.log("skipped: the Azure 2023 conversation trace is not at hand");

test.runIf(present)("Azure 2023, conversation: its published statistics", () => {
  const log = parseRequestLog(readFileSync(TRACE), "conv.csv");
  const mean = (values: ArrayLike<number>): number => Array.from(values).reduce((a, b) => a + b, 0) / values.length;
  expect([log.format, log.length, log.notes]).toEqual(["azure", 19_366, []]);
  expect(Math.round(mean(log.promptTokens))).toBe(1155);
  expect(mean(log.outputTokens)).toBeCloseTo(211.1, 1);
  expect(Math.round(log.arrival.at(-1) as number)).toBe(3502);
  const gaps = log.arrival.subarray(1).map((time, i) => time - (log.arrival[i] as number));
  const gap = mean(gaps);
  const deviation = Math.sqrt(mean(gaps.map((value) => (value - gap) ** 2)));
  expect(deviation / gap).toBeCloseTo(1.09, 2);
});
