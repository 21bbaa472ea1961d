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
        .option("json", { boolean: true, describe: "print one JSON object" })
        .option("out", { ...TEXT, describe: "folder for result.json and report.html" })
        .option("svg", { boolean: true, describe: "write the charts into --out as SVG as well" })
        .option("png", { boolean: true, describe: "write the charts into --out as PNG as well" })
        .example("$0 validate", "every case, half a minute")
        .example("$0 validate vllm-0.23 ml-energy --json", "some of them"),
    async (flags) => (await import("./validate-command.js")).runValidate(flags),
  );
}
