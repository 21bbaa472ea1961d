import { absent, type Fail, listOf, type Row, secondsOf, show, tokensOf } from "./json-values.js";
import type { JsonFormat } from "./log-reader.js";

/** Lists with an entry for each request, beside its lengths. */
const LISTS = ["output_lens", "start_times", "errors", "ttfts", "itls", "generated_texts"] as const;
type Lists = Readonly<Partial<Record<(typeof LISTS)[number] | "input_lens", readonly unknown[]>>>;

/**
 * The result of `vllm bench serve --save-detailed` (and SGLang's, which follows it): lengths of each request, when it was
 * sent where the version says so, and its error, empty if it went well. With --append-result a file has a line each run.
 */
export const VLLM_BENCH: JsonFormat = {
  name: "vllm bench serve",
  marks: "lists input_lens and output_lens, as --save-detailed writes them",
  matches: (row) => "input_lens" in row && "output_lens" in row,
  open() {
    const runs: { readonly timed: boolean; readonly from: number; readonly to: number }[] = [];
    return {
      read(row, rows, fail) {
        const { input_lens: prompts = [], output_lens: outputs = [], start_times: starts, errors } = lists(row, fail);
        let [from, to] = [Infinity, -Infinity];
        for (let i = 0; i < prompts.length; i++) {
          const failed = typeof errors?.[i] === "string" && errors[i] !== "";
          const output = tokensOf(outputs[i], `output_lens[${i}]`, fail);
          const time = starts === undefined ? 0 : secondsOf(starts[i], `start_times[${i}]`, fail);
          if (!rows.add(time, tokensOf(prompts[i], `input_lens[${i}]`, fail), failed ? 0 : output, 0, 0, "")) continue;
          [from, to] = [Math.min(from, time), Math.max(to, time)];
        }
        const timed = starts !== undefined;
        if (runs.some((run) => run.timed !== timed)) {
          throw fail("one run has start_times and another has not; keep one run in each file");
        }
        const other = timed ? runs.find((run) => from <= run.to && run.from <= to) : undefined;
        if (other !== undefined) {
          throw fail(
            `start_times from ${from} to ${to} fall among those of another run, from ${other.from} to ${other.to}: clocks of their own; keep one run in each file`,
          );
        }
        runs.push({ timed, from, to });
      },
      traits: () => ({
        ticksPerSecond: 1,
        hasArrivals: runs.some(({ timed }) => timed),
        notes: runs.length < 2 ? [] : [`${runs.length} runs of the benchmark, taken as one log.`],
      }),
    };
  },
};

/** The lists of a result, as long as each other, those of times checked. */
function lists(row: Row, fail: Fail): Lists {
  const prompts = listOf(row["input_lens"], "input_lens", fail);
  const found: Record<string, readonly unknown[]> = { input_lens: prompts };
  for (const name of LISTS) {
    if (absent(row[name]) && name !== "output_lens") continue;
    const list = listOf(row[name], name, fail);
    if (list.length !== prompts.length) {
      throw fail(`${name} has ${list.length} entries, input_lens ${prompts.length}`);
    }
    found[name] = list;
  }
  found["ttfts"]?.forEach((value, i) => secondsOf(value, `ttfts[${i}]`, fail));
  found["itls"]?.forEach((gaps, i) => {
    const name = `itls[${i}]`;
    listOf(gaps, name, fail).forEach((value, j) => secondsOf(value, `${name}[${j}]`, fail));
  });
  found["errors"]?.forEach((value, i) => {
    if (!absent(value) && typeof value !== "string") throw fail(`errors[${i}] ${show(value)} is not a text`);
  });
  return found;
}
