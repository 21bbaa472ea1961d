import fc from "fast-check";
import { expect, test } from "vitest";
import { logStatistics } from "./log-statistics.js";
import { withPromptBlocks } from "./prompt-blocks.js";
import { parseRequestLog } from "./request-log.js";

const parse = (text: string): ReturnType<typeof parseRequestLog> => parseRequestLog(Buffer.from(text), "f");

test("hit rates of identical prompts, by hand", () => {
  const rows = ["0,100,1,a", "1,100,1,a", "2,50,1,b", "3,40,1,", "4,40,1,", "5,100,1,a"];
  const log = withPromptBlocks(parse(`arrival_s,prompt_tokens,output_tokens,prompt_id\n${rows.join("\n")}\n`));
  // a: 6 blocks, b: 3, 2 of each that has no id. Both later a's hit all 6; a cache of 8 has lost a when it comes again.
  expect(logStatistics(log, [8]).prefix).toMatchObject({
    blockTokens: 16,
    references: 6 + 6 + 3 + 2 + 2 + 6,
    distinct: 6 + 3 + 2 + 2,
    blockHitRate: 12 / 25,
    tokenHitRate: (2 * 96) / 430,
    limited: [{ cacheBlocks: 8, blockHitRate: 6 / 25 }],
  });
  expect(log.notes.join()).toMatch(/whole blocks of 16 tokens/);
});

test("blocks are equal exactly where prompts are, and a log with blocks of its own keeps them", () => {
  const name = fc.constantFrom("", "a", "b", "c");
  const seed = 7;
  fc.assert(
    fc.property(fc.array(name, { minLength: 1, maxLength: 12 }), (names) => {
      const tokens = { "": 33, a: 33, b: 16, c: 15 } as const;
      const rows = names.map((id, i) => `${i},${tokens[id]},1,${id}`).join("\n");
      const { blocks } = withPromptBlocks(parse(`arrival_s,prompt_tokens,output_tokens,prompt_id\n${rows}\n`));
      if (names.every((id) => id === "")) {
        expect(blocks).toBeNull();
        return;
      }
      const of = (row: number): number[] => {
        const from = blocks?.start[row] ?? NaN;
        return [...(blocks?.ids.subarray(from, from + (blocks.count[row] ?? NaN)) ?? [])];
      };
      names.forEach((id, i) => {
        expect(of(i)).toHaveLength(Math.floor(tokens[id] / 16));
        names.forEach((other, j) => {
          const same = i === j || (id !== "" && id === other);
          if (same) expect(of(i)).toEqual(of(j));
          else expect(of(i).filter((block) => of(j).includes(block))).toEqual([]);
        });
      });
    }),
    { numRuns: 50, seed },
  );
  const line = { timestamp: 1, input_length: 20, output_length: 1, hash_ids: [5] };
  const own = parse(JSON.stringify(line));
  expect(withPromptBlocks(own)).toBe(own);
});
