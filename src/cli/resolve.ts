import { existsSync, readdirSync } from "node:fs";
import { basename, dirname, join, resolve as absolute } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { InputError } from "../core/check.js";
import { parseProfile } from "../hardware/parse.js";
import type { HardwareProfile } from "../hardware/profile.js";
import { MODELS } from "../model/shapes.js";
import type { ModelShape } from "../model/model-shape.js";
import { policyFromModule } from "../policy/outside.js";
import type { Policy } from "../policy/policy.js";
import { checkParameters, expandPolicySpecs } from "../policy/spec.js";
import { createPolicy, POLICIES } from "../policy/table.js";
import type { ScenarioOptions } from "../serve/options.js";
import type { LengthFit } from "../workload/length-fit.js";
import { thinkingBudgets } from "../workload/thinking-budget.js";
import type { LogOptions } from "../workload/log-workload.js";
import type { RequestLog } from "../workload/log-rows.js";
import type { Workload } from "../workload/workload.js";
import { lengthened, lengthFit } from "./length-option.js";
import { isFolder } from "./file-problem.js";
import { fileSource } from "./file-source.js";
import { logPart, refuseLogOptions, refuseMixOptions } from "./log-options.js";
import { readJson } from "./scenario-file.js";
import { givenSessionOption, sessionShape } from "./session-options.js";
import { servegenClients } from "./servegen-folder.js";
import { PACKAGE } from "./version.js";

/** What the names of a scenario stand for. */
export interface Resolved {
  readonly model: ModelShape;
  readonly profile: HardwareProfile;
  readonly workload: Workload;
  readonly policies: readonly Policy[];
  /** How policies lengthen outputs; undefined: not at all. */
  readonly lengths: LengthFit | undefined;
}

/** `log` are the requests of a log that is read already: its workload is but a name then. */
export async function resolve(options: ScenarioOptions, log?: RequestLog): Promise<Resolved> {
  const resolved = {
    model: await resolveModel(options.model),
    profile: resolveProfile(options.hardware),
    policies: await resolvePolicies(options.policy),
    workload: await resolveWorkload(options, log),
    lengths: await lengthFit(options["length-inflation"]),
  };
  for (const policy of resolved.policies) lengthened(resolved.workload, policy, resolved.lengths); // refused early, if at all
  thinkingBudgets(resolved.workload, options["thinking-budget"]);
  return resolved;
}

export async function resolveModel(name: string): Promise<ModelShape> {
  const known = Object.hasOwn(MODELS, name) ? MODELS[name] : undefined;
  if (known !== undefined) return known;
  const published = publishedModel(name);
  if (published !== undefined) return published;
  if (!isPath(name)) throw unknownName("model", name, Object.keys(MODELS), "the path of a Hugging Face config.json");
  const { parseModelConfig } = await import("../model/config.js");
  const shape = parseModelConfig(readJson(name), name);
  const beside = join(dirname(name), "generation_config.json");
  if (!existsSync(beside)) return shape;
  const { samplingDefaults } = await import("../model/generation-config.js");
  return { ...shape, ...samplingDefaults(readJson(beside), beside) };
}

/** The built-in model of this Hugging Face name, unless a file has it. */
export function publishedModel(name: string): ModelShape | undefined {
  if (existsSync(name)) return undefined;
  const published = `https://huggingface.co/${name.toLowerCase()}/`;
  return Object.values(MODELS).find(({ source }) => source.toLowerCase().startsWith(published));
}

export function resolveProfile(name: string): HardwareProfile {
  const path = profilePath(name);
  return parsedProfile(readJson(path), path);
}

/** A profile from its JSON, for messages at this path; borrows from built-in ones. */
export function parsedProfile(json: unknown, path: string): HardwareProfile {
  return parseProfile(json, path, lender);
}

/** Path of a built-in profile or of the user's file. */
export function profilePath(name: string): string {
  if (isPath(name)) return name;
  const known = names("hardware-profiles", ".json");
  if (!known.includes(name)) throw unknownName("hardware", name, known, "the path of a profile");
  return packagePath(`hardware-profiles/${name}.json`);
}

/** The built-in profile that a datasheet profile names for its efficiencies; that one must have its own. */
function lender(name: string, borrower: string): HardwareProfile {
  if (!profileNames().includes(name)) {
    throw unknownName(`${borrower} efficienciesOf`, name, profileNames(), "no path but one of these");
  }
  const path = packagePath(`hardware-profiles/${name}.json`);
  return parseProfile(readJson(path), path, (next) => {
    throw new InputError(path, `borrows from ${next} itself; name a fitted profile`);
  });
}

/** Policies of one specification or several: "dense,quest:budget=1024|2048", ["dense", "./mine.mjs:budget=64"]. */
export async function resolvePolicies(specification: string | readonly string[]): Promise<readonly Policy[]> {
  const specs = (typeof specification === "string" ? [specification] : specification).flatMap((text) =>
    expandPolicySpecs(text),
  );
  const policies: Policy[] = [];
  for (const spec of specs) {
    if (spec.kind === "outside") {
      const path = absolute(spec.path);
      if (!existsSync(path)) throw new InputError(spec.path, "no such file");
      policies.push(policyFromModule(await load(path, spec.path), spec.path, spec.values));
      continue;
    }
    const definition = Object.hasOwn(POLICIES, spec.name) ? POLICIES[spec.name as keyof typeof POLICIES] : undefined;
    if (definition === undefined) throw unknownName("policy", spec.name, Object.keys(POLICIES), "the path of a module");
    policies.push(createPolicy(spec.name, definition, checkParameters(definition, spec.values, `policy ${spec.name}`)));
  }
  const twice = policies.find((policy, i) => policies.findIndex((other) => other.name === policy.name) !== i);
  if (twice !== undefined) throw new InputError("policy", `${twice.name} is named twice`);
  return policies;
}

/** A user's module; whatever it throws while it is loaded is the user's trouble. */
async function load(path: string, given: string): Promise<unknown> {
  try {
    return (await import(pathToFileURL(path).href)) as unknown;
  } catch (cause) {
    throw new InputError(given, `cannot be loaded: ${cause instanceof Error ? cause.message : String(cause)}`);
  }
}

/** Definitions and logs that come with the package. */
export function workloadNames(): readonly string[] {
  return [...names("workloads", ".json"), ...names("workloads", ".csv.gz")].sort();
}

export function profileNames(): readonly string[] {
  return names("hardware-profiles", ".json");
}

/** Path of a built-in workload or of the user's file. */
export function workloadPath(name: string): string {
  if (isPath(name)) return name;
  for (const ending of [".json", ".csv.gz"]) {
    const path = packagePath(`workloads/${name}${ending}`);
    if (existsSync(path)) return path;
  }
  throw unknownName("workload", name, workloadNames(), "the path of a definition or request log");
}

async function resolveWorkload(options: ScenarioOptions, log: RequestLog | undefined): Promise<Workload> {
  const { workload: name, "input-len": inputLen, "output-len": outputLen, duration } = options;
  const requestRate = options["request-rate"] === "inf" ? Infinity : options["request-rate"];
  const { burstiness, "rate-curve": rateCurve, "start-hour": startHour } = options;
  if (startHour !== undefined && rateCurve === undefined) throw new InputError("start-hour", "needs --rate-curve");
  const extent = { numRequests: options["num-requests"], durationS: duration };
  const { definitionWorkload, fixedWorkload } = await import("../workload/generate.js");
  const load = {
    ...extent,
    users: options.users,
    sessions: sessionShape(options),
    bestOf: options["best-of"],
    prefixLen: options["prefix-len"],
  };
  if (name === undefined) {
    refuseLogOptions(options, "needs a request log");
    if (inputLen === undefined || outputLen === undefined) {
      const given =
        inputLen !== undefined
          ? "--output-len"
          : outputLen !== undefined
            ? "--input-len"
            : "--workload, or --input-len and --output-len";
      throw new InputError("workload", `what requests look like is missing: give ${given}`);
    }
    return fixedWorkload({
      inputLen,
      outputLen,
      reasoningShare: options["reasoning-share"],
      requestRate,
      burstiness,
      rateCurve,
      startHour,
      ...load,
    });
  }
  if (inputLen !== undefined || outputLen !== undefined) {
    throw new InputError("workload", "is given together with --input-len or --output-len; give one or the other");
  }
  if (log !== undefined) return resolveLog(log, basename(name), options, { ...extent, requestRate, burstiness });
  const path = workloadPath(name);
  const clients = servegenClients(path);
  if (clients !== undefined) {
    refuseMixOptions(options);
    const { mixWorkload } = await import("../workload/client-mix.js");
    const { from, to, "rate-scale": rateScale } = options;
    return mixWorkload(clients, { ...extent, from, to, rateScale, requestRate }, basename(absolute(path)));
  }
  const definition = definitionJson(path);
  if (definition !== undefined) {
    refuseLogOptions(options, "needs a request log; for a definition there are --request-rate and --duration");
    const { parseDefinition } = await import("../workload/definition.js");
    return definitionWorkload(parseDefinition(definition, path), {
      requestRate,
      burstiness,
      rateCurve,
      startHour,
      ...load,
    });
  }
  const { importLog } = await import("./workload-file.js");
  const read = await importLog(path, options.columns);
  return resolveLog(read, basename(path), options, { ...extent, requestRate, burstiness });
}

async function resolveLog(
  log: RequestLog,
  name: string,
  options: ScenarioOptions,
  pace: LogOptions,
): Promise<Workload> {
  const sessionTiming = options["session-timing"];
  const drawn = !log.hasArrivals || (sessionTiming === "closed" && pace.requestRate !== undefined);
  const curve = (["rate-curve", "start-hour"] as const).find((name) => options[name] !== undefined);
  const own = options.burstiness !== undefined && !drawn ? "burstiness" : curve;
  if (own !== undefined) throw new InputError(own, "a request log has its own arrivals; it does not apply");
  const made = givenSessionOption(options);
  if (made !== undefined) throw new InputError(made, "a request log has its own sessions; it does not apply");
  const { logWorkload } = await import("../workload/log-workload.js");
  const part = { ...logPart(options), timeScale: options["time-scale"], sessionTiming };
  return logWorkload(log, { ...pace, ...part }, name);
}

/** The JSON of a definition, told from a request log by being one object with a prompt. */
export function definitionJson(path: string): unknown {
  if (isFolder(path)) return undefined;
  const source = fileSource(path);
  let text: string;
  try {
    if (source.size > 1_000_000) return undefined;
    text = new TextDecoder().decode(source.read(0, source.size));
  } finally {
    source.close();
  }
  if (!text.trimStart().startsWith("{")) return undefined;
  try {
    const json: unknown = JSON.parse(text);
    return typeof json === "object" && json !== null && "prompt" in json ? json : undefined;
  } catch {
    return undefined; // several lines of JSON: a log
  }
}

export function isPath(name: string): boolean {
  return (
    /[\\/]/.test(name) || /\.(json|jsonl|csv|parquet|gz|zst|ya?ml|safetensors|[cm]?js)$/.test(name) || existsSync(name)
  );
}

function packagePath(path: string): string {
  return fileURLToPath(new URL(path, PACKAGE));
}

function names(folder: string, ending: string): readonly string[] {
  return readdirSync(packagePath(folder))
    .filter((file) => file.endsWith(ending))
    .map((file) => file.slice(0, -ending.length))
    .sort();
}

function unknownName(what: string, name: string, known: readonly string[], other: string): InputError {
  return new InputError(what, `"${name}" is not known; known are ${known.join(", ")}, or give ${other}`);
}
