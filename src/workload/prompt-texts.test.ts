import { expect, test } from "vitest";
import fc from "fast-check";
import { InputError } from "../core/check.js";
import { leadingHits, type PrefixBlocks } from "./block-ids.js";
import { parseColumns } from "./log-fields.js";
import { logWorkload } from "./log-workload.js";
import { parseRequestLog, type RequestLog } from "./request-log.js";
import { joined, type Stretch } from "./text.js";
import type { RequestSpec } from "./workload.js";

const HEADER = "arrival_s,prompt_tokens,output_tokens,prompt_id\n";
const parse = (text: string, columns?: string): RequestLog =>
  parseRequestLog(Buffer.from(text), "f", columns === undefined ? undefined : parseColumns(columns));
const requests = (log: RequestLog, rateScale?: number): RequestSpec[] => [
  ...logWorkload(log, { rateScale }, "log").requests(3),
];

/** The numbers of a text, token by token. */
function numbers(text: readonly Stretch[] = []): number[] {
  return text.flatMap(({ start, tokens }) => Array.from({ length: tokens }, (_, i) => start + i));
}

test("equal prompt ids are identical prompts, of any format and whatever the order; a blank one is of nobody else", () => {
  const log = parse(`${HEADER}3,30,1,b\n1,20,1,a\n2,20,1,\n4,20,1,a\n5,30,1,b\n`);
  expect([...(log.promptId as Int32Array)]).toEqual([2, 0, 1, 2, 1]);
  const specs = requests(log);
  expect(logWorkload(log, {}, "log").sharesPrefixes).toBe(true);
  expect(specs.map(({ promptText }) => numbers(promptText).length)).toEqual([20, 0, 30, 20, 30]);
  expect(specs[3]?.promptText).toEqual(specs[0]?.promptText);
  expect(numbers(specs[2]?.promptText)).not.toContain(numbers(specs[0]?.promptText)[0]);
  const lines = [1, "1", null].map((id) =>
    JSON.stringify({ arrival_s: 0, prompt_tokens: 4, output_tokens: 1, prompt_id: id }),
  );
  expect([...(parse(lines.join("\n")).promptId as Int32Array)]).toEqual([1, 1, 0]);
  expect([...(parse("in,out,which\n5,6,x\n", "prompt=in,output=out,prompt-id=which").promptId ?? [])]).toEqual([1]);
  expect(parse("arrival_s,prompt_tokens,output_tokens,prompt_id\n1,2,3,\n").promptId).toBeNull();
});

test("equal ids with prompts of different length are an error that names both; a failed call has no prompt", () => {
  const wrong = `${HEADER}0,10,1,a\n1,0,0,a\n2,11,1,a\n`;
  expect(() => parse(wrong)).toThrow(InputError);
  expect(() => parse(wrong)).toThrow(
    "f:4: prompt_id a has a prompt of 11 tokens, before it had 10; equal ids are identical prompts",
  );
  const lines = [10, 11].map((tokens) =>
    JSON.stringify({ arrival_s: 0, prompt_tokens: tokens, output_tokens: 1, prompt_id: 7 }),
  );
  expect(() => parse(lines.join("\n"))).toThrow(/f:2: prompt_id 7 has a prompt of 11 tokens, before it had 10/);
});

test("copies of a log share among themselves what the recorded prompts share, and nothing with those", () => {
  const log = parse(`${HEADER}0,10,1,a\n1,10,1,a\n2,12,1,b\n`);
  const texts = requests(log, 2).map(({ promptText }) => promptText?.[0]?.start);
  expect(texts).toHaveLength(6);
  const times = new Map<number | undefined, number>();
  for (const text of texts) times.set(text, (times.get(text) ?? 0) + 1);
  expect([...times.values()].toSorted((a, b) => a - b)).toEqual([1, 1, 2, 2]); // a twice, its copies twice; b, its copy
});

test("prompts of a block log have equal numbers exactly where their blocks are equal", () => {
  const line = (timestamp: number, input_length: number, hash_ids: number[]): string =>
    JSON.stringify({ timestamp, input_length, output_length: 1, hash_ids });
  const log = parse([line(0, 1100, [5, 6, 7]), line(1, 1536, [5, 6, 9]), line(2, 700, [5, 8])].join("\n"));
  const specs = requests(log);
  expect(specs[0]?.promptText).toHaveLength(1); // blocks that a prompt is the first to have are one stretch
  const texts = specs.map(({ promptText }) => numbers(promptText));
  expect(texts.map(({ length }) => length)).toEqual([1100, 1536, 700]);
  const common = (a: number, b: number): number => {
    const other = texts[b] ?? [];
    return (texts[a] ?? []).findIndex((token, i) => token !== other[i]);
  };
  expect([common(0, 1), common(0, 2), common(1, 2)]).toEqual([1024, 512, 512]);
});

test("stretches that go on are joined, token by token the same", () => {
  const stretch = fc.record({ start: fc.integer({ min: 0, max: 6 }), tokens: fc.integer({ min: 0, max: 3 }) });
  fc.assert(
    fc.property(fc.array(stretch), (text) => {
      const all = joined(text);
      expect(numbers(all)).toEqual(numbers(text));
      all.forEach(({ start, tokens }, i) => {
        expect(tokens).toBeGreaterThan(0);
        expect(all[i + 1]?.start).not.toBe(start + tokens);
      });
    }),
    { seed: 63 },
  );
});

/** A list of blocks, the next to be forgotten first. */
function naiveHits(prompts: readonly (readonly number[])[], capacity: number): number[] {
  const list: number[] = [];
  return prompts.map((ids) => {
    const hits = ids.findIndex((id) => !list.includes(id));
    for (const id of ids) {
      if (list.includes(id)) list.splice(list.indexOf(id), 1);
      list.push(id);
      if (list.length > capacity) list.shift();
    }
    return hits < 0 ? ids.length : hits;
  });
}

test("hits of a limited cache against a list, and of one that is large enough without limit", () => {
  const prompt = fc.array(fc.integer({ min: 0, max: 14 }), { maxLength: 9 });
  let [limited, unlimited] = [0, 0];
  fc.assert(
    fc.property(fc.array(prompt, { maxLength: 40 }), fc.integer({ min: 1, max: 16 }), (prompts, capacity) => {
      const ids = Int32Array.from(prompts.flat());
      const count = Int32Array.from(prompts, ({ length }) => length);
      let next = 0;
      const start = count.map((n) => (next += n) - n);
      const blocks: PrefixBlocks = { tokens: null, blockTokens: 16, distinct: 15, start, count, ids };
      const found = [...leadingHits(blocks, capacity)];
      const all = [...leadingHits(blocks)];
      expect(found).toEqual(naiveHits(prompts, capacity));
      expect(all).toEqual(naiveHits(prompts, 15));
      limited += found.reduce((a, b) => a + b, 0);
      unlimited += all.reduce((a, b) => a + b, 0);
    }),
    { numRuns: 300, seed: 64 },
  );
  expect(limited).toBeGreaterThan(500);
  expect(unlimited).toBeGreaterThan(2 * limited);
});
