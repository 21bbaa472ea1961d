import type { Argv } from "yargs";

const TEXT = { string: true, requiresArg: true } as const;

/** `raas-sim validate`: predictions beside published measurements. */
export function validateCommand(parser: Argv): Argv {
  return parser.command(
    "validate [cases..]",
    "predictions beside published measurements of real engines",
    (y) =>
      y
        .usage("$0 validate [CASES]: predicted, measured and error of published runs, and what the targets ask")
        .positional("cases", {
          type: "string",
          describe: "beginnings of case names, e.g. vllm-0.23 closed-loop/vllm-0.12 [default: all]",
        })
        .option("measured", {
          ...TEXT,
          describe:
            "a run of your own server: result of vllm bench serve (with --append-result each line is one), or a request log with timings; several times",
        })
        .option("scenario", { ...TEXT, describe: "YAML or JSON file: what that server is" })
        .option("tune", { boolean: true, describe: "fit the host terms to the runs and print them for the scenario" })
        .option("json", { boolean: true, describe: "print one JSON object" })
        .option("out", { ...TEXT, describe: "folder for result.json and report.html" })
        .option("svg", { boolean: true, describe: "write the charts into --out as SVG as well" })
        .option("png", { boolean: true, describe: "write the charts into --out as PNG as well" })
        .example("$0 validate", "every run, some seconds")
        .example("$0 validate --measured run.json --scenario s.yaml --tune", "your own server, and what is off")
        .example("$0 validate vllm-0.23 ml-energy --json", "some of them"),
    async (flags) => (await import("./validate-command.js")).runValidate(flags),
  );
}
