import { absent, type Fail, listOf, nameOf, type Row, rowOf, ticksOf, tokensOf } from "./json-values.js";
import { TICKS } from "./log-fields.js";
import type { JsonFormat } from "./log-reader.js";
import type { LogRows } from "./log-rows.js";

/**
 * LLMServingSim: github.com/casys-kaist/LLMServingSim, flat requests and agentic sessions, both in one file if it likes.
 * A sub-request follows the end of the one before by that one's tool_duration_ns.
 */
export const LLMSERVINGSIM: JsonFormat = {
  name: "llmservingsim",
  marks: "arrival_time_ns, and input_toks with output_toks or sub_requests",
  matches: (row) => "arrival_time_ns" in row && ("input_toks" in row || Array.isArray(row["sub_requests"])),
  open() {
    let sessions = 0;
    return {
      read(row, rows, fail) {
        const arrival = ticksOf(row["arrival_time_ns"], "arrival_time_ns", TICKS.ns, fail);
        const session = nameOf(row["session_id"], "session_id", fail);
        if (row["sub_requests"] === undefined) {
          addRequest(row, arrival, session, rows, fail);
          return;
        }
        sessions++;
        let time = arrival;
        let think: number | undefined;
        for (const [i, item] of listOf(row["sub_requests"], "sub_requests", fail).entries()) {
          const where: Fail = (problem) => fail(`sub_requests[${i}]: ${problem}`);
          const sub = rowOf(item, `sub_requests[${i}]`, fail);
          if (addRequest(sub, time, session || `session ${sessions}`, rows, where) && think !== undefined) {
            rows.think(think / TICKS.ns);
          }
          const tool = sub["tool_duration_ns"];
          think = absent(tool) ? 0 : ticksOf(tool, "tool_duration_ns", TICKS.ns, where);
          time += think;
        }
      },
      traits: () => ({
        ticksPerSecond: TICKS.ns,
        notes:
          sessions === 0
            ? []
            : ["Follow-ups of a session have no arrivals of their own: theirs are the session's plus the tool times."],
      }),
    };
  },
};

function addRequest(row: Row, time: number, session: string, rows: LogRows, fail: Fail): boolean {
  const prompt = tokensOf(row["input_toks"], "input_toks", fail);
  return rows.add(time, prompt, tokensOf(row["output_toks"], "output_toks", fail), 0, 0, session);
}
