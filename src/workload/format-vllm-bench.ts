import { absent, listOf, secondsOf, tokensOf } from "./json-values.js";
import type { JsonFormat } from "./log-reader.js";

/**
 * The result of `vllm bench serve --save-detailed` (and SGLang's, which follows it): lengths of each request, when it was
 * sent where the version says so, and its error, empty if it went well.
 */
export const VLLM_BENCH: JsonFormat = {
  name: "vllm bench serve",
  marks: "lists input_lens and output_lens",
  matches: (row) => Array.isArray(row["input_lens"]) && Array.isArray(row["output_lens"]),
  open() {
    let timed = false;
    return {
      read(row, rows, fail) {
        const prompts = listOf(row["input_lens"], "input_lens", fail);
        const outputs = listOf(row["output_lens"], "output_lens", fail);
        const starts = absent(row["start_times"]) ? undefined : listOf(row["start_times"], "start_times", fail);
        const errors = absent(row["errors"]) ? undefined : listOf(row["errors"], "errors", fail);
        for (const [name, list] of Object.entries({ output_lens: outputs, start_times: starts, errors })) {
          if (list === undefined || list.length === prompts.length) continue;
          throw fail(`${name} has ${list.length} entries, input_lens ${prompts.length}`);
        }
        if (starts !== undefined) timed = true;
        for (let i = 0; i < prompts.length; i++) {
          const failed = typeof errors?.[i] === "string" && errors[i] !== "";
          const output = tokensOf(outputs[i], `output_lens[${i}]`, fail);
          const time = starts === undefined ? 0 : secondsOf(starts[i], `start_times[${i}]`, fail);
          rows.add(time, tokensOf(prompts[i], `input_lens[${i}]`, fail), failed ? 0 : output, 0, 0, "");
        }
      },
      traits: () => ({ ticksPerSecond: 1, hasArrivals: timed, notes: [] }),
    };
  },
};
