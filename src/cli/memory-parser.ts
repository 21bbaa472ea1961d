import type { Argv } from "yargs";
import { isBooleanOption, optionHelp } from "./options.js";

/** Options of a scenario that decide its memory. */
const MEMORY_OPTIONS = [
  "model",
  "hardware",
  "engine",
  "tp",
  "policy",
  "max-model-len",
  "input-len",
  "gpu-memory-utilization",
  "max-num-batched-tokens",
  "max-num-seqs",
  "num-gpu-blocks-override",
  "block-size",
  "kv-cache-dtype",
  "quantization",
  "cuda-graphs",
  "price-per-hour",
] as const;

const TEXT = { string: true, requiresArg: true } as const;

/** `raas-sim memory`: where a GPU's memory goes, and what the KV pool holds. */
export function memoryCommand(parser: Argv): Argv {
  return parser.command(
    "memory",
    "where a GPU's memory goes, which GPUs fit, and how many sequences the KV pool holds",
    (y) => {
      y.option("scenario", { ...TEXT, describe: "YAML or JSON file with these options; flags override it" });
      for (const name of MEMORY_OPTIONS) {
        y.option(name, { ...(isBooleanOption(name) ? { boolean: true } : TEXT), describe: optionHelp(name) });
      }
      return y
        .usage("$0 memory: where a GPU's memory goes for a model, and which GPUs hold it")
        .option("json", { boolean: true, describe: "print one JSON object with vLLM's key names" })
        .option("out", { ...TEXT, describe: "folder for result.json and report.html" })
        .option("svg", { boolean: true, describe: "write the chart into --out as SVG as well" })
        .option("png", { boolean: true, describe: "write the chart into --out as PNG as well (needs @resvg/resvg-js)" })
        .example("$0 memory --model llama-3.1-70b --hardware h100-sxm --tp 4", "one deployment")
        .example(
          "$0 memory --model r1-distill-llama-8b --hardware l40s --max-model-len 32768 --policy 'dense,raas:budget=1024'",
          "how many long sequences fit under two policies",
        );
    },
    async (flags) => (await import("./memory-command.js")).runMemory(flags),
  );
}
