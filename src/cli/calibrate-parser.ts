import type { Argv } from "yargs";
import type { Flags } from "./flags.js";

const TEXT = { string: true, requiresArg: true } as const;

/** `raas-sim calibrate`: kernels measured on this machine → samples → a hardware profile. */
export function calibrateCommand(parser: Argv): Argv {
  return parser.command(
    "calibrate",
    "measure this machine's kernels and write its hardware profile",
    (y) =>
      y
        .usage("$0 calibrate: run kernels on this machine's GPU or CPU, fit a hardware profile to their times")
        .option("device", { ...TEXT, describe: "what to measure: cuda or cpu [default: cuda]" })
        .option("model", {
          ...TEXT,
          describe: "whose shapes to measure [default: llama-3.1-8b on cuda, r1-distill-qwen-1.5b on cpu]",
        })
        .option("hardware", {
          ...TEXT,
          describe: "cuda: the profile that has the device's peaks, power and price [default: by the device's name]",
        })
        .option("threads", { ...TEXT, describe: "cpu: of its kernels [default: all]" })
        .option("out", { ...TEXT, alias: "o", describe: "folder of NAME.samples.jsonl and NAME.json [default: .]" })
        .option("name", { ...TEXT, describe: "of the profile [default: the device's]" })
        .option("kernels", { ...TEXT, describe: "only these, with commas between [default: all]" })
        .option("quick", { boolean: true, describe: "fewer and smaller shapes" })
        .option("holdout", { ...TEXT, describe: "share of the shapes on which errors are reported [default: 0.3]" })
        .option("seed", { ...TEXT, describe: "of inputs, shapes held out and the search [default: 0]" })
        .option("check", { ...TEXT, describe: "measure a few shapes: does this profile hold here? (exit code 1: no)" })
        .option("json", { boolean: true, describe: "print one JSON object" })
        .example("$0 calibrate --device cuda -o mine", "every kernel; stopped and started again, it goes on")
        .example(
          "$0 calibrate --device cpu --quick --name mine",
          "this machine's CPU; then serve --hardware ./mine.json",
        )
        .example("$0 calibrate --device cpu --check ./mine.json", "is it still so?"),
    async (flags: Flags) => {
      const { runCalibrate } = await import("./calibrate.js");
      await runCalibrate(flags);
    },
  );
}
