import type { Argv } from "yargs";
import type { Flags } from "./flags.js";

const TEXT = { string: true, requiresArg: true } as const;

/** `raas-sim fit`: kernel times → the efficiencies of a hardware profile. */
export function fitCommand(parser: Argv): Argv {
  return parser.command(
    "fit <kernels..>",
    "fit a hardware profile to measured kernel times",
    (y) =>
      y
        .usage("$0 fit KERNELS... --hardware NAME -o FILE: efficiencies of a hardware profile from kernel times")
        .positional("kernels", {
          type: "string",
          array: true,
          describe: "kernel tables (*.csv, told by their columns) or samples (*.jsonl), plain, gzip or zstd",
        })
        .option("hardware", { ...TEXT, describe: "the profile that has the device's peaks: a name or a path" })
        .option("out", { ...TEXT, alias: "o", describe: "profile to write (*.json) [default: none]" })
        .option("holdout", { ...TEXT, describe: "share of the shapes on which errors are reported [default: 0.5]" })
        .option("seed", { ...TEXT, describe: "of the shapes held out and of the search [default: 0]" })
        .option("source", { ...TEXT, describe: "where the tables come from, for the profile [default: their names]" })
        .option("json", { boolean: true, describe: "print one JSON object" })
        .example("$0 fit tables/*.csv.gz --hardware h100-sxm -o mine.json", "a profile with its held-out errors"),
    async (flags: Flags) => {
      const { runFit } = await import("./fit.js");
      await runFit(flags);
    },
  );
}
