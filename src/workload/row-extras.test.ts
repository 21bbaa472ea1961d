import { expect, test } from "vitest";
import { parseRequestLog } from "./request-log.js";

const HEAD = "arrival_s,prompt_tokens,output_tokens,think_s,prefix_blocks,block_tokens";
const csv = (...rows: readonly string[]): ReturnType<typeof parseRequestLog> =>
  parseRequestLog(Buffer.from([HEAD, ...rows].join("\n")), "f");

test("think times and blocks, where a row has them", () => {
  const log = csv("0,100,5,,7 8,64", "1,100,5,2.5,7 9,64", "2,10,5,,,");
  expect([...(log.thinkS ?? [])]).toEqual([NaN, 2.5, NaN]);
  expect(log.blocks).toMatchObject({ blockTokens: 64, distinct: 3 });
  expect([...(log.blocks?.count ?? [])]).toEqual([2, 2, 0]);
  const json = JSON.stringify({ arrival_s: 0, prompt_tokens: 9, output_tokens: 1, think_s: 3, prefix_blocks: "4 5" });
  expect(parseRequestLog(Buffer.from(json), "f")).toMatchObject({
    thinkS: new Float64Array([3]),
    blocks: { distinct: 2 },
  });
});

test("blocks of two sizes have none", () => {
  expect(csv("0,100,5,,7,64", "0,100,5,,7,16").blocks?.blockTokens).toBeNull();
});

test.each([
  ["0,1,1,-1,,", /^f:2: think_s "-1" is not a number from 0 to/],
  ["0,1,1,x,,", /^f:2: think_s "x" is not a number/],
  ["0,1,1,,7  8,64", /^f:2: prefix_blocks "" is not a whole number/],
  ["0,1,1,,7.5,64", /^f:2: prefix_blocks "7.5" is not a whole number/],
  ["0,1,1,,7,99999999999", /^f:2: block_tokens "99999999999" is not a whole number up to/],
])("%j is refused", (row, message) => {
  expect(() => csv(row)).toThrow(message);
});
