import { InputError } from "../core/check.js";
import { replicationSeed } from "../core/rng.js";
import { DEPLOYMENT } from "../serve/deployment-options.js";
import type { ScenarioOptions } from "../serve/options.js";
import { tenantPart } from "../workload/tenant-part.js";
import { flagValues, layered, type Flags } from "./flags.js";
import { checkOptions, OPTION_NAMES } from "./options.js";
import { resolve, type Resolved } from "./resolve.js";
import { readScenarioFile, type ScenarioFile } from "./scenario-file.js";

/** One of several deployments of a scenario file. */
export interface Deployment {
  readonly name: string;
  readonly tenants: readonly string[] | undefined; // undefined: all
  readonly options: ScenarioOptions;
}

/** The deployments of the scenario file; undefined if it has none. Flags override what any of them says. */
export async function readDeployments(flags: Flags): Promise<readonly Deployment[] | undefined> {
  const path = flags["scenario"];
  if (typeof path !== "string") return undefined;
  const file = await readScenarioFile(path);
  const { deployments, ...common } = file.values;
  if (deployments === undefined) return undefined;
  const at = file.position("deployments");
  if (!Array.isArray(deployments) || deployments.length === 0) {
    throw new InputError(at, "expected a list of deployments, each with a name and options of its own");
  }
  const unknown = Object.keys(common).find((key) => !OPTION_NAMES.includes(key));
  if (unknown !== undefined) {
    throw new InputError(file.position(unknown), `unknown key; known are deployments, ${OPTION_NAMES.join(", ")}`);
  }
  const all = deployments.map((entry: unknown, i) => deployment(entry, i, { common, flags, file, at }));
  const twice = all.find(({ name }, i) => all.findIndex((other) => other.name === name) !== i);
  if (twice !== undefined) throw new InputError(at, `two deployments are named ${twice.name}`);
  return all;
}

interface Context {
  readonly common: Readonly<Record<string, unknown>>;
  readonly flags: Flags;
  readonly file: ScenarioFile;
  readonly at: string;
}

function deployment(entry: unknown, index: number, { common, flags, file, at }: Context): Deployment {
  const { name, tenants } = DEPLOYMENT.shape;
  if (typeof entry !== "object" || entry === null || Array.isArray(entry)) {
    throw new InputError(`${at}[${index}]`, "expected a mapping with a name and options");
  }
  const { name: givenName, tenants: givenTenants, ...own } = entry as Readonly<Record<string, unknown>>;
  const parsedName = name.safeParse(givenName);
  if (!parsedName.success) {
    const value = givenName === undefined ? "is missing" : `${JSON.stringify(givenName)} is not allowed`;
    throw new InputError(`${at}[${index}].name`, `${value}; expected lower-case letters, digits and hyphens`);
  }
  const where = `${at} ${parsedName.data}`;
  const parsedTenants = tenants.safeParse(givenTenants);
  if (!parsedTenants.success) throw new InputError(`${where}.tenants`, "expected a list of names of tenants");
  const given = flagValues(flags);
  const values = layered(layered(common, own), given);
  const options = checkOptions(values, (key) =>
    key in given ? `--${key}` : key in own ? `${where}.${key}` : file.position(key),
  );
  if (options.trace !== undefined) throw new InputError(at, "trace does not go with several deployments");
  // Parts of one workload share its seed; workloads of their own must not be drawn alike.
  const apart = parsedTenants.data === undefined && !("seed" in own);
  const seed = apart ? replicationSeed(options.seed, index) : options.seed;
  return { name: parsedName.data, tenants: parsedTenants.data, options: { ...options, seed } };
}

/** What the names of each deployment stand for. Throws InputError if a tenant is served by none or by two. */
export async function resolveDeployments(deployments: readonly Deployment[]): Promise<readonly Resolved[]> {
  const all: Resolved[] = [];
  for (const { name, options } of deployments) {
    const resolved = await resolve(options);
    if (resolved.policies.length !== 1) {
      throw new InputError(`deployment ${name}`, `a deployment has one policy, ${resolved.policies.length} are given`);
    }
    all.push(resolved);
  }
  checkTenants(deployments, all);
  return all.map((resolved, i) => {
    const tenants = deployments[i]?.tenants;
    return tenants === undefined ? resolved : { ...resolved, workload: tenantPart(resolved.workload, tenants) };
  });
}

/** Each tenant of a workload of which parts are served is served once. */
function checkTenants(deployments: readonly Deployment[], all: readonly Resolved[]): void {
  const served = new Map<string, Map<string, string>>(); // workload → tenant → deployment
  deployments.forEach(({ name, tenants = [] }, i) => {
    const { workload } = all[i] as Resolved;
    const taken = served.get(workload.name) ?? new Map<string, string>();
    if (tenants.length > 0) served.set(workload.name, taken);
    for (const tenant of tenants) {
      const other = taken.get(tenant);
      if (other !== undefined) throw new InputError(`deployment ${name}`, `tenant ${tenant} is served by ${other} too`);
      const known = (workload.tenants ?? []).map((each) => each.name);
      if (!known.includes(tenant)) {
        const names = known.length === 0 ? "has no tenants" : `has the tenants ${known.join(", ")}`;
        throw new InputError(`deployment ${name}`, `tenant ${tenant} is not known; ${workload.name} ${names}`);
      }
      taken.set(tenant, name);
    }
  });
  for (const { workload } of all) {
    const taken = served.get(workload.name);
    const left = (workload.tenants ?? []).find(({ name }) => taken?.has(name) === false);
    if (left !== undefined)
      throw new InputError("deployments", `tenant ${left.name} of ${workload.name} is served by none`);
  }
}
