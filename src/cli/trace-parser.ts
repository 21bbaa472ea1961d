import type { Argv } from "yargs";
import { SYNTHETIC_SHAPE } from "../trace/synthetic-shape.js";
import { SYNTH_FLAGS } from "./synth-flags.js";
import { runTraceCheck, runTraceConvert, runTraceInfo, runTraceSlice, runTraceSynth } from "./trace-commands.js";
import { TRACE_FORMS } from "./trace-forms.js";

const TEXT = { string: true, requiresArg: true } as const;
const STEPS = "decode steps a:b to keep, from a to b - 1; text before a becomes prompt, text after b is cut off";

function withFile(command: Argv): Argv {
  return command.positional("file", {
    type: "string",
    describe: "a trace (*.attn.safetensors), or the name of one that comes along",
  });
}

function withOut(command: Argv): Argv {
  return command.option("out", { ...TEXT, alias: "o", describe: "file to write" });
}

/** `raas-sim trace`: what recorded attention files hold, and how to make others of them. */
export function traceCommands(parser: Argv): Argv {
  return parser.command("trace", "recorded attention: info, check, slice, convert, synth", (y) =>
    y
      .usage("$0 trace COMMAND: recorded attention files")
      .command("info <file>", "what is in a trace, the shape of its attention, its head map", info, runTraceInfo)
      .command("check <file>", "read every value and say what is wrong", check, runTraceCheck)
      .command("slice <file>", "write a part of a trace", slice, runTraceSlice)
      .command("convert <file>", "write a trace in another form", convert, runTraceConvert)
      .command("synth", "write a synthetic trace, for tests and demonstrations", synth, runTraceSynth)
      .demandCommand(1, "Name a command: info, check, slice, convert or synth."),
  );
}

function info(y: Argv): Argv {
  return withFile(y)
    .usage("$0 trace info FILE: what is in a trace, the shape of its attention, its head map")
    .option("layers", { ...TEXT, describe: "layers by their index in the model: 14,21 [default: all recorded]" })
    .option("json", { boolean: true, describe: "print one JSON object" })
    .option("out", { ...TEXT, describe: "folder for result.json and report.html" })
    .option("svg", { boolean: true, describe: "write the head map into --out as SVG as well" })
    .option("png", { boolean: true, describe: "write the head map into --out as PNG as well" })
    .example("$0 trace info bakery-2.2k", "tables on the terminal")
    .example("$0 trace info my.attn.safetensors --out out/my --svg", "a page with the head map, and the map alone");
}

function check(y: Argv): Argv {
  return withFile(y)
    .usage("$0 trace check FILE: read every value and say what is wrong; ends with 2 if anything is")
    .option("json", { boolean: true, describe: "print one JSON object" })
    .example("$0 trace check my.attn.safetensors", "a line for each tensor");
}

function slice(y: Argv): Argv {
  return withOut(withFile(y))
    .usage(
      "$0 trace slice FILE -o OUT: write a part of a trace\n\nHeads are not cut: the format counts those of the whole model. replay --heads chooses among them.",
    )
    .option("layers", { ...TEXT, describe: "layers to keep, by their index in the model: 14,21" })
    .option("steps", { ...TEXT, describe: STEPS })
    .option("tokens", { ...TEXT, describe: "the same by positions: a:b, where a is 0 or a decoded token" })
    .example("$0 trace slice bakery-2.2k --layers 23 --steps 0:500 -o small.attn.safetensors", "one layer, 500 steps");
}

function convert(y: Argv): Argv {
  return withOut(withFile(y))
    .usage("$0 trace convert FILE --to FORM -o OUT: write a trace in another form")
    .option("to", { ...TEXT, describe: `form to write: ${TRACE_FORMS.join(", ")}` })
    .option("group-reduction", {
      ...TEXT,
      describe: "how the query heads of a KV head are merged: mean or max; from qkv to scores only [default: mean]",
    })
    .option("page-bounds", {
      boolean: true,
      describe: "with Quest's page bounds in scores; --no-page-bounds leaves them out [default: true]",
    })
    .example("$0 trace convert bakery-2.2k --to scores-f16 -o scores.attn.safetensors", "attention rows of it")
    .example("$0 trace convert in.attn.safetensors --to qkv-bf16 -o out.attn.safetensors", "another number format");
}

function synth(y: Argv): Argv {
  const command = withOut(y).usage(
    "$0 trace synth -o OUT: write a synthetic trace\n\nSinks, recent windows, milestones, phoenix tokens and recurrence as they were counted in reasoning models.\nNo model has attended like that: the trace says so of itself, and so does whatever is made of it.",
  );
  command.option("seed", { ...TEXT, describe: "seed of everything made up [default: 0]" });
  for (const [name, { field, help }] of Object.entries(SYNTH_FLAGS)) {
    command.option(name, { ...TEXT, describe: `${help} [default: ${SYNTHETIC_SHAPE[field]}]` });
  }
  return command.example("$0 trace synth --seed 7 --steps 4096 -o synthetic.attn.safetensors", "4,096 decode steps");
}
