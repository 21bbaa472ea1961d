#!/usr/bin/env node
import yargs, { type Argv } from "yargs";
import { hideBin } from "yargs/helpers";
import { InputError } from "../core/check.js";
import { runCompare, runInit, runList, runReplay, runSchema, runServe, runShow } from "./commands.js";
import { fileProblem } from "./file-problem.js";
import { calibrateCommand } from "./calibrate-parser.js";
import { fitCommand } from "./fit-parser.js";
import { isBooleanOption, OPTION_NAMES, optionHelp } from "./options.js";
import { REPLAY_FLAGS } from "./replay-flags.js";
import { memoryCommand } from "./memory-parser.js";
import { traceCommands } from "./trace-parser.js";
import { validateCommand } from "./validate-parser.js";
import { version } from "./version.js";
import { workloadCommands } from "./workload-parser.js";

const EXIT_INPUT = 2;

/**
 * Every option of a scenario, and where results go. Numbers stay text here: checkOptions says what is wrong with them.
 * yargs lays out the help text on every run, so options are hidden from it unless help is asked for.
 */
function scenarioFlags(command: Argv): Argv {
  const hidden = !process.argv.includes("--help") && !process.argv.includes("-h");
  const describe = (name: string): string => (hidden ? "" : optionHelp(name));
  const text = { string: true, requiresArg: true, hidden } as const;
  const group = "Scenario:";
  command.option("scenario", { ...text, group, describe: "YAML or JSON file with these options; flags override it" });
  for (const name of OPTION_NAMES) {
    const kind = isBooleanOption(name) ? ({ boolean: true, hidden } as const) : text;
    command.option(name, { ...kind, group, describe: describe(name) });
  }
  const output = (help: string): object => ({ boolean: true, hidden, group: "Output:", describe: help });
  return command
    .option("workers", {
      ...text,
      group: "Output:",
      describe: "threads for --replications; results do not depend on them [default: all cores]",
    })
    .option("json", output("print one JSON object with the keys of vLLM's benchmark"))
    .option("out", { ...text, group: "Output:", describe: "folder for result.json, requests.parquet and report.html" })
    .option("svg", output("write the charts into --out as SVG as well"))
    .option("png", output("write the charts into --out as PNG as well (needs @resvg/resvg-js)"));
}

function simulations(parser: Argv): Argv {
  return parser
    .command(
      "serve",
      "simulate one deployment",
      (y) =>
        scenarioFlags(y)
          .usage("$0 serve: simulate one deployment under one KV-cache policy")
          .example(
            "$0 serve --model llama-3.1-8b --hardware h100-sxm --workload reasoning-production --request-rate 2",
            "a fitted workload",
          )
          .example(
            "$0 serve --model qwen3-32b --hardware h100-sxm --tp 2 --input-len 512 --output-len 4096 --request-rate 1 --json",
            "fixed lengths, JSON",
          )
          .example(
            "$0 serve --scenario my.yaml --policy raas:budget=1024 --out out/my",
            "a scenario file, one option changed, with a report",
          ),
      runServe,
    )
    .command(
      "compare",
      "simulate several KV-cache policies over the same requests",
      (y) =>
        scenarioFlags(y)
          .usage("$0 compare: several KV-cache policies and budgets over the same requests, side by side")
          .example(
            "$0 compare --model r1-distill-llama-8b --hardware a100-sxm-80gb --workload reasoning-hard --request-rate 0.5 --policy 'dense,quest:budget=1024,raas:budget=512|1024'",
            "four policies",
          ),
      runCompare,
    );
}

function replays(parser: Argv): Argv {
  return parser.command(
    "replay <file>",
    "run recorded attention through KV-cache policies",
    (y) => {
      for (const [name, { kind, help }] of Object.entries(REPLAY_FLAGS)) {
        y.option(
          name,
          kind === "text" ? { string: true, requiresArg: true, describe: help } : { boolean: true, describe: help },
        );
      }
      return y
        .usage("$0 replay FILE: what policies keep, read and lose of recorded attention")
        .positional("file", {
          type: "string",
          describe: "a trace (*.attn.safetensors), or the name of one that comes along",
        })
        .example(
          "$0 replay my.attn.safetensors --policy 'dense,raas:budget=256|512,quest:budget=256'",
          "four policies side by side",
        )
        .example(
          "$0 replay my.attn.safetensors --policy raas:budget=256 --layers 14,21 --heads 0 --steps 0:500 --json --selections out.jsonl",
          "a part of it, every choice written down",
        )
        .example(
          "$0 replay bakery-2.2k --policy 'dense,raas:budget=256|512|1024,h2o:budget=256|512|1024' --out out/bakery",
          "a recording that comes along, with a report and its pictures",
        );
    },
    runReplay,
  );
}

function lookUps(parser: Argv): Argv {
  return parser
    .command(
      "list <what>",
      "list models, hardware, engines, policies, workloads or recordings",
      (y) =>
        y
          .positional("what", {
            type: "string",
            describe: "models, hardware, engines, policies, workloads or recordings",
          })
          .example("$0 list models", "built-in models and their sizes"),
      runList,
    )
    .command(
      "show <name>",
      "everything known of one model, GPU, engine, policy, workload, recording or file",
      (y) =>
        y
          .positional("name", {
            type: "string",
            describe: "a name that list prints, length-inflation, or the path of a file",
          })
          .example("$0 show h100-sxm", "the profile, with the source of each number")
          .example(
            "$0 show ./my-profile.json",
            "a file of one's own: profile, config.json, workload, scenario, policy",
          ),
      runShow,
    );
}

function scenarioFiles(parser: Argv): Argv {
  return parser
    .command(
      "init [file]",
      "write a commented scenario file",
      (y) =>
        y
          .positional("file", { type: "string", describe: "file to write [default: scenario.yaml]" })
          .usage("$0 init: a scenario file with every option, what it means and its default")
          .example("$0 init my.yaml && $0 serve --scenario my.yaml", "from nothing to a result"),
      runInit,
    )
    .command(
      "schema <what>",
      "print the JSON Schema of a file, for editors",
      (y) =>
        y
          .positional("what", { type: "string", describe: "scenario, workload or hardware" })
          .example("$0 schema scenario > scenario.schema.json", "what the first line of a new scenario file refers to"),
      runSchema,
    );
}

const ARGUMENTS = hideBin(process.argv);

const COMMANDS: readonly string[] = [
  "serve",
  "compare",
  "replay",
  "memory",
  "trace",
  "workload",
  "validate",
  "fit",
  "calibrate",
  "list",
  "show",
  "init",
  "schema",
];

/** yargs says what is wrong in words of its own, and nothing of what would be right. */
function inOurWords(message: string): string {
  const [first = "", second = ""] = ARGUMENTS;
  const unknown = message.startsWith("Unknown argument");
  if (!COMMANDS.includes(first)) {
    return unknown && !first.startsWith("-")
      ? `"${first}" is no command; commands are ${COMMANDS.join(", ")}`
      : message;
  }
  const command =
    ["trace", "workload"].includes(first) && /^[a-z]+$/.test(second) && !unknown ? `${first} ${second}` : first;
  const [, flag] = /^Not enough arguments following: (.*)$/.exec(message) ?? [];
  const said =
    flag !== undefined
      ? `--${flag} needs a value`
      : message.startsWith("Not enough non-option arguments")
        ? `${command} needs an argument`
        : message;
  return said === message && !unknown ? message : `${said}; see raas-sim ${command} --help`;
}

/** yargs takes whatever is not "true" for false. */
function refuseOddBooleans(flags: Readonly<Record<string, unknown>>): void {
  for (const argument of ARGUMENTS) {
    const [, name = "", value = ""] = /^--([^=]+)=(.*)$/s.exec(argument) ?? [];
    if (typeof flags[name] === "boolean" && value !== "true" && value !== "false")
      throw new InputError(`--${name}`, `${JSON.stringify(value)} is not allowed; expected true or false`);
  }
}

function parser(): Argv {
  const base = yargs(ARGUMENTS)
    .scriptName("raas-sim")
    .usage(
      "$0 COMMAND\n\nPredicts throughput, latency, memory, energy and cost of serving reasoning models,\nfor any KV-cache policy, before anyone pays for the GPUs.",
    );
  return scenarioFiles(
    lookUps(
      calibrateCommand(
        fitCommand(memoryCommand(validateCommand(workloadCommands(traceCommands(replays(simulations(base))))))),
      ),
    ),
  )
    .demandCommand(1, `Name a command: ${COMMANDS.join(", ")}.`)
    .strict()
    .middleware(refuseOddBooleans)
    .parserConfiguration({
      "camel-case-expansion": false,
      "duplicate-arguments-array": true,
      "parse-numbers": false,
      "parse-positional-numbers": false,
    })
    .wrap(Math.min(110, process.stdout.columns ?? 110))
    .version(version())
    .alias("help", "h")
    .epilogue(
      "Exit codes: 0 done; 1 a fault of raas-sim, or a check that says no; 2 input that is wrong or asks what cannot be, such as a model that does not fit or a load of which no request is served; 129, 130, 143 ended by a signal.",
    )
    .exitProcess(false)
    .fail((message: string, error: Error | undefined) => {
      if (error !== undefined && error.name !== "YError") throw error;
      throw new InputError("", inOurWords(error?.message ?? message));
    });
}

/** Parsers quote what they do not understand, line feeds and all. */
function oneLine(message: string): string {
  return message.replace(/\s*[\r\n]+\s*/g, " ");
}

/** Whoever reads may stop early, as head does: no failure, and files are written all the same. A full disk is one. */
process.stdout.on("error", (error: NodeJS.ErrnoException) => {
  if (error.code === "EPIPE") return;
  process.stderr.write(`raas-sim: standard output: cannot be written: ${fileProblem(error, "write")}\n`);
  process.exitCode = EXIT_INPUT;
});
process.stderr.on("error", () => {}); // nobody is left to be told

try {
  await parser().parseAsync();
} catch (error) {
  const known = error instanceof InputError;
  process.stderr.write(
    known
      ? `raas-sim: ${oneLine(error.message)}\n`
      : `raas-sim: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`,
  );
  process.exitCode = known ? EXIT_INPUT : 1;
}
