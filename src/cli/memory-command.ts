import { InputError } from "../core/check.js";
import { cutNote } from "../serve/longest-context.js";
import { memoryPlan } from "../serve/memory-plan.js";
import { ENGINE_PRESETS } from "../serve/engine-presets.js";
import { scenarioOptions, type Flags } from "./flags.js";
import { outputFlags, writeReport } from "./output.js";
import { profileNames, resolveModel, resolvePolicies, resolveProfile } from "./resolve.js";
import { version } from "./version.js";

/**
 * Where a GPU's memory goes. A model that does not fit is an answer as well: it is printed, as JSON with "fits" false, and
 * then said as an error, so that a script stops.
 */
export async function runMemory(flags: Flags): Promise<void> {
  const output = outputFlags(flags);
  const given = await scenarioOptions(flags);
  const [first, ...others] = await resolvePolicies(given.policy);
  if (first === undefined) throw new InputError("--policy", "names no policy");
  const model = await resolveModel(given.model);
  const profile = resolveProfile(given.hardware);
  const plan = memoryPlan(given, { model, profile, policies: [first, ...others] }, profileNames().map(resolveProfile));
  const { options, policies, fitting, problem, missingBytes } = plan;
  const [{ memory }] = policies as [(typeof policies)[number]];
  const notes = [
    ...profile.notes,
    ...(model.encoder === undefined
      ? []
      : ["Weights of the image encoder are from its sizes; what joins it to the model is left out."]),
    ...(memory.free_bytes < 0 && missingBytes === 0 ? ["This needs more memory than the GPU has."] : []),
    ...(missingBytes > 0
      ? [
          `Missing is what weights, activations and one KV block need beyond ${options["gpu-memory-utilization"]} of the memory (--gpu-memory-utilization).`,
        ]
      : []),
    ...(plan.sequenceTokens < plan.maxModelLen ? [cutNote(plan.sequenceTokens, plan.maxModelLen)] : []),
    ...(fitting.length === 0
      ? [`No node of the GPUs known here holds a sequence of ${plan.maxModelLen} tokens under ${policies[0]?.label}.`]
      : []),
  ];
  const data = {
    version: version(),
    fits: problem === undefined,
    missing_bytes: missingBytes,
    ...memory,
    model: options.model,
    hardware: options.hardware,
    tp: options.tp,
    engine: options.engine,
    gpu_memory_utilization: options["gpu-memory-utilization"],
    max_num_batched_tokens: options["max-num-batched-tokens"],
    max_num_seqs: options["max-num-seqs"],
    max_model_len: plan.maxModelLen,
    sequence_tokens: plan.sequenceTokens,
    prompt_tokens: plan.promptTokens,
    policies,
    fitting,
    source: ENGINE_PRESETS[options.engine].memory.source,
    notes,
  };
  if (output.json) process.stdout.write(`${JSON.stringify(data, null, 2)}\n`);
  else {
    const { memoryText } = await import("../report/memory-tables.js");
    const said = notes.length === 0 ? [] : [["Notes", ...notes.map((note) => `- ${note}`)].join("\n")];
    process.stdout.write(`${[memoryText(plan), ...said].join("\n\n")}\n`);
  }
  if (output.out !== undefined) {
    const { memoryReport } = await import("../report/memory-report.js");
    await writeReport(output.out, new Map(), data, memoryReport(plan, data, notes), output);
  }
  if (problem !== undefined) throw problem;
}
