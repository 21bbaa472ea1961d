import { gzipSync } from "node:zlib";
import { describe, expect, test } from "vitest";
import { LOG_SAMPLES } from "../test/log-samples.js";
import { prefixReuse } from "./block-ids.js";
import { parseColumns } from "./log-fields.js";
import { LogImport } from "./log-import.js";
import { parseRequestLog, type RequestLog } from "./request-log.js";

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);
const parse = (text: string): RequestLog => parseRequestLog(bytes(text), "f");
/** `{"arrival_s":0,"prompt_tokens":4,"output_tokens":2}` and a line feed, packed by `zstd -3`. */
const ZSTD = Buffer.from(
  "KLUv/QRYoQEAeyJhcnJpdmFsX3MiOjAsInByb21wdF90b2tlbnMiOjQsIm91dHB1dF90b2tlbnMiOjJ9CoxSXPY=",
  "base64",
);

describe.each(LOG_SAMPLES)("$format", ({ format, text, prompts, outputs, arrivals, sessions, failed }) => {
  const check = (log: RequestLog): void => {
    expect(log).toMatchObject({ format, length: prompts.length, failed: failed ?? 0, session: sessions ?? null });
    expect([...log.promptTokens]).toEqual(prompts);
    expect([...log.outputTokens]).toEqual(outputs);
    for (const [i, arrival] of arrivals.entries()) expect(log.arrival[i]).toBeCloseTo(arrival, 9);
  };

  test("as it is", () => check(parse(text)));
  test("with a last line feed", () => check(parse(`${text}\n`)));
  test("with a byte-order mark, CRLF and blank lines", () =>
    check(parse(`\ufeff\r\n${text.replaceAll("\n", "\r\n\r\n")}\r\n`)));
  test("gzipped", () => check(parseRequestLog(gzipSync(text), "any.name")));
  test("in chunks of every size", () => {
    for (const size of [1, 2, 3, 7, 64, 1000]) {
      const log = new LogImport();
      log.open("f");
      for (let at = 0; at < text.length; at += size) log.push(bytes(text).subarray(at, at + size));
      log.close();
      check(log.finish("f"));
    }
  });
});

test("what is known besides the lengths", () => {
  const at = (format: string): RequestLog =>
    parse(LOG_SAMPLES.findLast((sample) => sample.format === format)?.text ?? "");
  const { blocks, promptTokens } = at("mooncake");
  expect(blocks).toMatchObject({ blockTokens: 512, distinct: 4 });
  if (blocks !== null) expect(prefixReuse(blocks, promptTokens).tokenHitRate).toBeCloseTo(512 / 2520, 12);
  expect(at("qwen-bailian").blocks?.blockTokens).toBe(16);
  expect(at("ragpulse")).toMatchObject({ blocks: { blockTokens: null }, secondOfDay: 43_282 });
  expect(at("kv-cache-tester").blocks?.blockTokens).toBe(64);
  expect([...(at("kv-cache-tester").thinkS ?? [])]).toEqual([NaN, 1.5, 4]);
  expect([...(at("llmservingsim").thinkS ?? [])]).toEqual([NaN, 2]);
  expect([...at("tracelab").reasoningTokens]).toEqual([0, 3]);
  expect(at("azure").secondOfDay).toBeCloseTo(18 * 3600 + 15 * 60 + 46.68059, 6);
  expect(at("burstgpt").secondOfDay).toBe(5);
  expect(at("burstgpt with sessions").secondOfDay).toBeNull();
  const lengthsOnly = parse("num_prefill_tokens,num_decode_tokens\n1,2\n3,4");
  expect(lengthsOnly).toMatchObject({ format: "vidur", hasArrivals: false, length: 2 });
  expect(lengthsOnly.notes).toEqual(["The log has lengths, but no arrivals."]);
});

test("columns as the user names them", () => {
  const columns = parseColumns("arrival=ts:ms,prompt=in,output=out,session=who");
  const log = parseRequestLog(bytes("in,out,ts,who,x\n5,6,1000,a,1\n7,8,2500,b,1"), "f", columns);
  expect([...log.arrival, ...log.promptTokens, ...log.outputTokens]).toEqual([0, 1.5, 5, 7, 6, 8]);
  expect(log).toMatchObject({ session: ["a", "b"], notes: ["Not read: columns x."] });
  const rows = parseRequestLog(bytes('{"ts":"1000","in":"5","out":6,"who":1}'), "f", columns);
  expect(rows).toMatchObject({ length: 1, session: ["1"] });
  const none = parseRequestLog(bytes("in,out\n5,6"), "f", parseColumns("prompt=in, output=out"));
  expect(none.hasArrivals).toBe(false);
  expect(() => parseRequestLog(bytes("in,out\n5,6"), "f", columns)).toThrow(/^f:1: no column ts, who, as given; found/);
  for (const [text, problem] of [
    ["prompt=in", /must name the columns prompt=… and output=…/],
    ["prompt=in,output=out,arrival=t:h", /unit "h" is not allowed; expected one of s, ms, us, ns, clock/],
    ["prompt=in,prompt=out", /prompt is given twice/],
    ["length=in", /"length=in" is not allowed; expected ROLE=NAME/],
    ["", /"" is not allowed/],
  ] as const) {
    expect(() => parseColumns(text)).toThrow(problem);
  }
});

const MOON = '{"timestamp":0,"input_length":5,"output_length":6,"hash_ids":[1]}';
const KV = '{"id":"a","block_size":64,"hash_id_scope":"local","requests":[{"t":0,"in":5,"out":6}]}';

describe("what is refused, and how", () => {
  test.each<[string, string, RegExp]>([
    [
      "an unknown CSV",
      "a,b,c\n1,2,3",
      /^f:1: no format is recognised; found columns "a", "b", "c"; known are raas-sim \(/,
    ],
    ["an unknown JSON", '{"a":1}', /^f:1: no format is recognised; found keys "a"; known are .*mooncake \(timestamp/],
    ["a list of nothing", "[]", /^f:1: is an empty list$/],
    ["a list of numbers", "[1]", /^f:1 \[0\]: is not a JSON object: 1$/],
    ["ServeGen rates", "0,0,0,,0,0\n600,1,1,Gamma,1,1", /^f: holds client models of ServeGen/],
    ["ServeGen histograms", '{"0":{"input_tokens":"{45: 0.1}"}}', /^f: holds client models of ServeGen/],
    ["a document cut off", '{\n "block_size": 64,\n', /^f:1: is not JSON: "\{"$/],
    ["negative time", MOON.replace(":0,", ":-3,"), /^f:1: timestamp -3 is negative/],
    ["negative CSV time", "arrival_s,prompt_tokens,output_tokens\n-1,2,3", /^f:2: arrival_s "-1" is negative/],
    [
      "10^15 tokens",
      MOON.replace(":5,", ":1000000000000000,"),
      /^f:1: input_length 1000000000000000 is more than 10000000/,
    ],
    [
      "wrong unit",
      "arrival_s,prompt_tokens,output_tokens\n1700000000000,2,3",
      /^f:2: .* is beyond 3,000 years; is it in seconds\?/,
    ],
    ["two formats", `${MOON}\n${KV}`, /^f:2: input_length undefined is not a whole number/],
    ["a session twice", `${KV}\n${KV}`, /^f:2: the session a is there twice/],
    [
      "a chat twice",
      Array(2).fill('{"chat_id":1,"parent_chat_id":-1,"timestamp":1,"input_length":2,"output_length":3}').join("\n"),
      /^f:2: chat_id 1 is there twice/,
    ],
    ["block ids", MOON.replace("[1]", "[1.5]"), /^f:1: hash_ids has 1.5, not an id/],
    ["uneven lists", '{"input_lens":[1,2],"output_lens":[1]}', /^f:1: output_lens has 1 entries, input_lens 2/],
    [
      "a bad call of a session",
      KV.replace('"in":5', '"in":"5"'),
      /^f:1: requests\[0\] of a: in "5" is not a whole number/,
    ],
  ])("%s", (_, text, message) => {
    const error = { name: "InputError", message: expect.stringMatching(message) as string };
    expect(() => parse(text)).toThrow(expect.objectContaining(error) as Error);
  });

  test("a line without end, in bounded memory", () => {
    const log = new LogImport(undefined, 2 ** 20);
    log.open("f");
    log.push(bytes("arrival_s,prompt_tokens,output_tokens\n1,2,3\n"));
    const chunk = bytes("1".repeat(2 ** 18));
    expect(() => {
      for (let i = 0; i < 1000; i++) log.push(chunk);
    }).toThrow(/^f:3: a line is longer than 1 MiB, or a quote is never closed$/);
  });

  test("files of two formats in one log", () => {
    const log = new LogImport();
    log.open("a");
    log.push(bytes(MOON));
    log.close();
    log.open("b");
    log.push(bytes(KV));
    expect(() => log.close()).toThrow(
      /^b: is kv-cache-tester, the files before it are mooncake; one format at a time$/,
    );
  });

  test("zstd: read, and refused where it ends early", () => {
    expect(parseRequestLog(ZSTD, "f")).toMatchObject({ format: "raas-sim", length: 1 });
    expect(() => parseRequestLog(ZSTD.subarray(0, 30), "f")).toThrow(/^f: is not complete zstd data/);
  });
});
