import { InputError } from "../core/check.js";
import { isFolder } from "./file-problem.js";
import { openRecording } from "./recordings.js";
import { resolveModel, resolvePolicies, resolveProfile } from "./resolve.js";
import { readScenarioFile } from "./scenario-file.js";

const LOG = /\.(csv|jsonl|parquet|gz|zst)$/i;

/** What a file of the user's is told by, as soon as one of its keys is there; what has none of these is a scenario. */
const KINDS = {
  profile: ["peakFlops", "memoryBytes"],
  model: ["model_type", "text_config"],
  workload: ["prompt"],
} as const;

/**
 * What a file holds, as `raas-sim` understands it: a hardware profile with what it borrows, a model's shape, a policy, a
 * workload, a scenario with its defaults, the facts of a recording. Throws InputError.
 */
export async function fileFacts(path: string): Promise<unknown> {
  if (isFolder(path) || LOG.test(path)) {
    throw new InputError(path, `requests are described by raas-sim workload info ${path}`);
  }
  if (path.endsWith(".safetensors")) {
    const trace = openRecording(path);
    trace.close();
    return trace.metadata;
  }
  if (/\.[cm]?js$/.test(path)) {
    const policies = await resolvePolicies(path); // one, as no parameter has several values
    return policies.map(({ name, label, source, parameters }) => ({ name, label, source, parameters }))[0];
  }
  const { values } = await readScenarioFile(path); // YAML, which JSON is as well
  const kind = (Object.keys(KINDS) as (keyof typeof KINDS)[]).find((each) => KINDS[each].some((key) => key in values));
  switch (kind) {
    case "profile":
      return resolveProfile(path);
    case "model":
      return resolveModel(path);
    case "workload": {
      const { parseDefinition } = await import("../workload/definition.js");
      parseDefinition(values, path);
      return values;
    }
    case undefined:
      return scenarioFacts(path, Object.keys(values));
  }
}

async function scenarioFacts(path: string, keys: readonly string[]): Promise<unknown> {
  const { OPTION_NAMES } = await import("./options.js");
  if (!keys.some((key) => key === "deployments" || OPTION_NAMES.includes(key))) {
    const known = Object.entries(KINDS).map(([kind, marks]) => `a ${kind} has ${marks.join(" or ")}`);
    throw new InputError(path, `is not recognised; ${known.join(", ")}, a scenario has options as serve has them`);
  }
  const { readDeployments } = await import("./deployments.js");
  const { scenarioOptions } = await import("./flags.js");
  return (await readDeployments({ scenario: path })) ?? (await scenarioOptions({ scenario: path }));
}
