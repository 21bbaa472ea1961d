import type { Argv } from "yargs";
import { InputError } from "../core/check.js";
import type { Flags } from "./flags.js";
import { requiredTextFlag, sizesFlag, textFlag } from "./value-flags.js";

const TEXT = { string: true, requiresArg: true } as const;

/** `raas-sim workload`: what recorded request logs hold, and how to make one format of them. */
export function workloadCommands(parser: Argv): Argv {
  return parser.command("workload", "request logs in anybody's format: info, convert", (y) =>
    y
      .usage("$0 workload COMMAND: recorded request logs")
      .command("info <file>", "what a log is, its lengths, arrivals, sessions and shared prefixes", info, runInfo)
      .command("convert <file>", "write a log as Parquet, CSV or JSON lines", convert, runConvert)
      .demandCommand(1, "Name a command: info or convert."),
  );
}

function withFile(command: Argv): Argv {
  return command
    .positional("file", {
      type: "string",
      describe:
        "a request log of any known format, plain, gzip or zstd, a folder of them or of ServeGen clients, or the built-in generated-reasoning-production",
    })
    .option("columns", {
      ...TEXT,
      describe:
        "what the columns of another format mean: arrival=ts:ms,prompt=in,output=out; also reasoning, session, priority, prompt-id",
    });
}

function info(y: Argv): Argv {
  return withFile(y)
    .usage("$0 workload info FILE: what a log is, its lengths, arrivals, sessions and shared prefixes")
    .option("cache-blocks", {
      ...TEXT,
      describe:
        "hit rates of prefix caches of so many of the log's blocks (16 tokens each where it has a prompt_id only), the least recently used forgotten: 1000,5000",
    })
    .option("json", { boolean: true, describe: "print one JSON object" })
    .option("out", { ...TEXT, describe: "folder for result.json and report.html with charts" })
    .option("svg", { boolean: true, describe: "write the charts into --out as SVG as well" })
    .option("png", { boolean: true, describe: "write the charts into --out as PNG as well (needs @resvg/resvg-js)" })
    .example("$0 workload info trace.csv.gz", "tables on the terminal")
    .example("$0 workload info trace.csv.gz --out out/trace", "a report with charts")
    .example("$0 workload info mine.csv --columns arrival=ts:ms,prompt=in,output=out", "columns of one's own");
}

function convert(y: Argv): Argv {
  return withFile(y)
    .usage("$0 workload convert FILE -o OUT: write a log as Parquet, CSV or JSON lines")
    .option("out", { ...TEXT, alias: "o", describe: "file to write: *.parquet, *.csv or *.jsonl" })
    .example("$0 workload convert trace.jsonl.gz -o trace.parquet", "the columns that --workload reads");
}

async function runInfo(flags: Flags): Promise<void> {
  const { outputFlags } = await import("./output.js");
  const output = outputFlags(flags);
  const { file, columns } = await source(flags);
  const { servegenClients } = await import("./servegen-folder.js");
  const { printLogInfo, printMixInfo } = await import("./workload-info.js");
  const clients = servegenClients(file);
  const cacheBlocks = sizesFlag(flags, "cache-blocks");
  if (clients !== undefined) {
    if (cacheBlocks.length > 0)
      throw new InputError("--cache-blocks", "client models of ServeGen do not know what prompts have in common");
    if (columns !== undefined) throw new InputError("--columns", "has no meaning for client models of ServeGen");
    return printMixInfo(clients, file, output);
  }
  const { importLog } = await import("./workload-file.js");
  await printLogInfo(await importLog(file, columns), file, cacheBlocks, output);
}

async function runConvert(flags: Flags): Promise<void> {
  const out = requiredTextFlag(flags, "out", "the file to write");
  const { file, columns } = await source(flags);
  const { servegenClients } = await import("./servegen-folder.js");
  if (servegenClients(file) !== undefined) {
    throw new InputError(file, "holds client models of ServeGen, not requests that could be converted");
  }
  const { importLog } = await import("./workload-file.js");
  const { writeLog } = await import("./workload-convert.js");
  const log = await importLog(file, columns);
  const left = await writeLog(log, out);
  for (const note of log.notes) process.stderr.write(`${note}\n`);
  if (left.length > 0) process.stderr.write(`Not written, as the format has no place for it: ${left.join(", ")}.\n`);
  process.stderr.write(`wrote ${out}: ${log.length.toLocaleString("en-US")} requests\n`);
}

async function source(flags: Flags): Promise<{ file: string; columns: string | undefined }> {
  const { definitionJson, workloadPath } = await import("./resolve.js");
  const name = String(flags["file"]);
  const file = workloadPath(name);
  if (definitionJson(file) !== undefined) {
    const problem = "is a definition that requests are drawn from, not a log of them; see raas-sim show";
    throw new InputError(name, `${problem} ${name}`);
  }
  return { file, columns: textFlag(flags, "columns") };
}
