import { ClockTicks, TICKS_PER_SECOND } from "./azure-time.js";
import { absent, clockOf, listOf, nameOf, rowOf, tokensOf } from "./json-values.js";
import type { JsonFormat } from "./log-reader.js";

/** What the model does; the last of these events is the end of the answer. */
const OUTPUTS: ReadonlySet<unknown> = new Set(["reasoning", "text", "tool_call"]);
const INPUTS: ReadonlySet<unknown> = new Set(["user_message", "tool_result"]);

/**
 * Rounds of coding agents: github.com/uw-syfi/TraceLab. A round arrives with its first input event, and its answer ends with its
 * last event; so think and tool times are known.
 */
export const TRACELAB: JsonFormat = {
  name: "tracelab",
  marks: "session_id, round_index, input_tokens_total and prefix_tokens",
  matches: (row) => ["round_index", "input_tokens_total", "prefix_tokens"].every((key) => key in row),
  open() {
    const clock = new ClockTicks();
    const seen = new Set<string>();
    const ends = new Map<string, number>(); // of the last answer of a session, ticks
    let prompts = 0;
    let cached = 0;
    return {
      read(row, rows, fail) {
        const session = nameOf(row["session_id"], "session_id", fail);
        const round = `${session} round ${tokensOf(row["round_index"], "round_index", fail)}`;
        if (seen.has(round)) throw fail(`${round} is there twice`);
        seen.add(round);
        const prompt = tokensOf(row["input_tokens_total"], "input_tokens_total", fail);
        const prefix = tokensOf(row["prefix_tokens"], "prefix_tokens", fail);
        const output = tokensOf(row["output_tokens"], "output_tokens", fail);
        const thought = row["reasoning_output_tokens"];
        const reasoning = absent(thought) ? 0 : tokensOf(thought, "reasoning_output_tokens", fail);
        if (prefix > prompt) throw fail(`prefix_tokens ${prefix} is more than input_tokens_total ${prompt}`);
        if (reasoning > output) throw fail(`reasoning_output_tokens ${reasoning} is more than output_tokens ${output}`);
        const events = listOf(row["timing_events"], "timing_events", fail).map((event) =>
          rowOf(event, "timing_events", fail),
        );
        const first = events.find((event) => INPUTS.has(event["event_type"])) ?? events[0];
        if (first === undefined) throw fail("timing_events is empty");
        const time = clockOf(first["timestamp"], "timestamp", clock, fail);
        const before = ends.get(session);
        for (const event of events) {
          if (OUTPUTS.has(event["event_type"]))
            ends.set(session, clockOf(event["timestamp"], "timestamp", clock, fail));
        }
        if (!rows.add(time, prompt, output, reasoning, 0, session)) return;
        if (before !== undefined && before <= time) rows.think((time - before) / TICKS_PER_SECOND);
        prompts += prompt;
        cached += prefix;
      },
      traits: () => ({
        ticksPerSecond: TICKS_PER_SECOND,
        midnight: clock.midnight,
        notes: [
          `The recorded service had ${((100 * cached) / Math.max(1, prompts)).toFixed(1)} % of the prompt tokens in its prefix cache; which ones is not in the log.`,
        ],
      }),
    };
  },
};
