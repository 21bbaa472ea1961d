import { InputError } from "../core/check.js";
import type { ScenarioOptions } from "../serve/options.js";
import { parseCount, parseSeconds } from "../workload/seconds.js";
import type { SessionShape } from "../workload/sessions.js";

/** How requests follow each other, as the options say; undefined: each stands alone. */
export function sessionShape(options: ScenarioOptions): SessionShape | undefined {
  const { users, turns, "think-time": think, "tool-calls": calls, "tool-time": tool, history } = options;
  const needs = (option: string, given: unknown, what: string): void => {
    if (given !== undefined) throw new InputError(option, `needs ${what}`);
  };
  if (turns === undefined && users === undefined) needs("think-time", think, "--users or --turns");
  if (turns === undefined && calls === undefined) needs("history", history, "--turns or --tool-calls");
  if (calls === undefined) needs("tool-time", tool, "--tool-calls");
  if (calls !== undefined && tool === undefined) throw new InputError("tool-calls", "needs --tool-time");
  if (turns !== undefined && think === undefined) throw new InputError("turns", "needs --think-time");
  if (turns === undefined && calls === undefined && users === undefined) return undefined;
  return {
    turns: parseCount(turns ?? 1, 1, "turns"),
    thinkSeconds: parseSeconds(think ?? 0, "think-time"),
    toolCalls: parseCount(calls ?? 0, 0, "tool-calls"),
    toolSeconds: parseSeconds(tool ?? 0, "tool-time"),
    history: history ?? "answers",
  };
}

/** The first option given that makes requests of its own, which a recorded log has no room for. */
export function givenSessionOption(options: ScenarioOptions): string | undefined {
  const names = [
    "users",
    "think-time",
    "turns",
    "tool-calls",
    "tool-time",
    "history",
    "best-of",
    "prefix-len",
  ] as const;
  return names.find((name) => options[name] !== undefined);
}
