import { existsSync } from "node:fs";
import { basename, dirname } from "node:path";
import { setFlagsFromString } from "node:v8";
import { InputError } from "../core/check.js";
import type { Policy } from "../policy/policy.js";
import type { Recorded } from "../report/recorded.js";
import type { ScenarioOptions } from "../serve/options.js";
import { scenarioOptions, type Flags } from "./flags.js";
import type { Deployment } from "./deployments.js";
import {
  outputCompare,
  outputDeployments,
  outputFlags,
  outputReplay,
  outputServe,
  type OutputFlags,
} from "./output.js";
import type { Replicator } from "./replicator.js";
import { withRequestFiles } from "./requests-file.js";
import type { Resolved } from "./resolve.js";
import type { Simulation } from "./simulate.js";
import { countFlag } from "./value-flags.js";

/** What each command does with its flags. Modules that only some commands need are loaded by those. */

/**
 * Half of a serve command's CPU time is V8 compiling the engine. Inlining a third as much of it takes 7-12 % off the whole
 * command at 10,000 requests and changes nothing at 100,000, where compiling no longer counts.
 */
const INLINING = "--max-inlined-bytecode-size-cumulative=300";

export async function runServe(flags: Flags): Promise<void> {
  const output = outputFlags(flags);
  const { readDeployments } = await import("./deployments.js");
  const deployments = await readDeployments(flags);
  if (deployments !== undefined) {
    if (flags["workers"] !== undefined)
      throw new InputError("--workers", "does not go with several deployments, which run one after another");
    return serveDeployments(deployments, output);
  }
  const options = await scenarioOptions(flags);
  const { resolve } = await import("./resolve.js");
  const { simulate } = await import("./simulate.js");
  const resolved = await resolve(options);
  const [policy, ...others] = resolved.policies;
  if (policy === undefined || others.length > 0) {
    throw new InputError("--policy", `serve takes one policy, ${resolved.policies.length} are given; use compare`);
  }
  const judged = await judge(options, [policy]);
  const [measured = policy] = judged.policies;
  setFlagsFromString(INLINING); // not before: replay is long
  await withRequestFiles([measured], output.out, async (files) => {
    const simulation = await replicating(options, flags, (replicator) =>
      simulate(options, resolved, measured, { replicator, sink: files[0]?.sink }),
    );
    files[0]?.finish();
    await outputServe(simulation, judged.recorded, output, files);
  });
}

/** Each by itself: deployments share no hardware. */
async function serveDeployments(deployments: readonly Deployment[], output: OutputFlags): Promise<void> {
  const { resolveDeployments } = await import("./deployments.js");
  const { simulate } = await import("./simulate.js");
  const resolved = await resolveDeployments(deployments);
  await withRequestFiles(deployments, output.out, async (files) => {
    const simulations: Simulation[] = [];
    for (const [i, { options }] of deployments.entries()) {
      const parts = resolved[i] as Resolved;
      simulations.push(await simulate(options, parts, parts.policies[0] as Policy, { sink: files[i]?.sink }));
      files[i]?.finish();
    }
    await outputDeployments(deployments, simulations, output, files);
  });
}

export async function runCompare(flags: Flags): Promise<void> {
  const output = outputFlags(flags);
  const options = await scenarioOptions(flags);
  const { resolve } = await import("./resolve.js");
  const { simulate } = await import("./simulate.js");
  const resolved = await resolve(options);
  if (resolved.policies.length < 2) {
    throw new InputError(
      "--policy",
      "compare takes at least two policies, e.g. --policy dense,quest:budget=1024,raas:budget=512|1024",
    );
  }
  const { policies, recorded } = await judge(options, resolved.policies);
  await withRequestFiles(policies, output.out, async (files) => {
    const simulations: Simulation[] = [];
    await replicating(options, flags, async (replicator) => {
      for (const [i, policy] of policies.entries()) {
        simulations.push(await simulate(options, resolved, policy, { replicator, sink: files[i]?.sink }));
        files[i]?.finish();
      }
    });
    await outputCompare(simulations, recorded, output, files);
  });
}

/** Runs an action with whoever runs a scenario several times; its threads end with it. */
async function replicating<T>(
  options: ScenarioOptions,
  flags: Flags,
  action: (replicator: Replicator) => Promise<T>,
): Promise<T> {
  const workers = countFlag(flags, "workers", 1, 1024);
  if (workers !== undefined && options.replications === undefined)
    throw new InputError("--workers", "are for --replications: one run is one thread");
  const { Replicator } = await import("./replicator.js");
  const replicator = new Replicator(options, workers);
  try {
    return await action(replicator);
  } finally {
    await replicator.end();
  }
}

/** Replays the policies if a recording is given; footprints that depend on the attention come back measured. */
async function judge(
  { trace, seed }: ScenarioOptions,
  policies: readonly Policy[],
): Promise<{ readonly policies: readonly Policy[]; readonly recorded?: Recorded }> {
  if (trace === undefined) return { policies };
  const { replayRecorded } = await import("./recorded.js");
  return replayRecorded(trace, policies, seed);
}

export async function runReplay(flags: Flags): Promise<void> {
  const { replayRequest } = await import("./replay-flags.js");
  const request = replayRequest(flags);
  const output = outputFlags(flags);
  const { replayFile } = await import("./replay-file.js");
  const { resolvePolicies } = await import("./resolve.js");
  const policies = await resolvePolicies(request.policies);
  // The map first: a head that is not there is found out before the long part.
  const drawn =
    output.out === undefined ? undefined : await (await import("./replay-maps.js")).replayMap(request, request.map);
  const result = await replayFile(request.file, policies, request.options, request);
  if (request.selections !== undefined) process.stderr.write(`wrote ${request.selections}\n`);
  await outputReplay(request.file, result, drawn, output);
}

export async function runList(flags: Flags): Promise<void> {
  const { LISTS, listing } = await import("./show.js");
  const what = LISTS.find((name) => name === flags["what"]);
  if (what === undefined) throw new InputError("list", `"${String(flags["what"])}" is not one of ${LISTS.join(", ")}`);
  process.stdout.write(`${listing(what)}\n`);
}

export async function runShow(flags: Flags): Promise<void> {
  const { showing } = await import("./show.js");
  process.stdout.write(`${await showing(String(flags["name"]))}\n`);
}

export async function runInit(flags: Flags): Promise<void> {
  const path = typeof flags["file"] === "string" ? flags["file"] : "scenario.yaml";
  if (existsSync(path)) throw new InputError(path, "is there already; name another file");
  const { scenarioTemplate } = await import("./scenario-template.js");
  const { writeFiles } = await import("./write.js");
  writeFiles(dirname(path), new Map([[basename(path), scenarioTemplate()]]));
  process.stdout.write(`${path}\n`);
}

export async function runSchema(flags: Flags): Promise<void> {
  const { jsonSchema, SCHEMA_NAMES } = await import("./schemas.js");
  const asked = String(flags["what"]);
  const name = SCHEMA_NAMES.find((known) => known === asked);
  if (name === undefined)
    throw new InputError("schema", `"${asked}" is not known; known are ${SCHEMA_NAMES.join(", ")}`);
  process.stdout.write(`${JSON.stringify(jsonSchema(name), null, 2)}\n`);
}
