import { describe, expect, test } from "vitest";
import { checkOptions } from "./options.js";
import { sessionShape } from "./session-options.js";

function shape(given: Readonly<Record<string, unknown>>): ReturnType<typeof sessionShape> {
  const options = checkOptions({ model: "m", hardware: "h", ...given }, (key) => key);
  return sessionShape(options);
}

test("without options requests stand alone", () => {
  expect(shape({})).toBeUndefined();
});

test("users alone send again at once", () => {
  const found = shape({ users: 3 });
  expect([found?.turns.name, found?.thinkSeconds.name, found?.toolCalls.name, found?.history]).toEqual([
    "1",
    "0 s",
    "0",
    "answers",
  ]);
});

test("all of them", () => {
  const found = shape({
    turns: "geometric:4",
    "think-time": "lognormal:3,1",
    "tool-calls": 2,
    "tool-time": 0.5,
    history: "all",
  });
  expect([found?.turns.name, found?.thinkSeconds.name, found?.toolCalls.name, found?.toolSeconds.name]).toEqual([
    "geometric, mean 4",
    "lognormal(3, 1) s",
    "2",
    "0.5 s",
  ]);
  expect(found?.history).toBe("all");
});

describe("an option that would do nothing is refused", () => {
  test.each<[Record<string, unknown>, RegExp]>([
    [{ "think-time": 3 }, /^think-time: needs --users or --turns$/],
    [{ "tool-time": 3 }, /^tool-time: needs --tool-calls$/],
    [{ history: "all", users: 4 }, /^history: needs --turns or --tool-calls$/],
    [{ turns: 3 }, /^turns: needs --think-time$/],
    [{ "tool-calls": 3 }, /^tool-calls: needs --tool-time$/],
    [{ users: 0 }, /^users: 0 is not allowed/],
    [{ turns: "many", "think-time": 3 }, /^turns: "many" is not allowed/],
  ])("%j", (given, message) => {
    expect(() => shape(given)).toThrow(message);
  });
});
