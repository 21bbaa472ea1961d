import type { Workload } from "./workload.js";

/**
 * The requests of some tenants of a workload, and those that follow from them; with the same seed, parts without a tenant
 * in common are together the whole, as far as the end of the workload is a time and not a number of requests that follow.
 */
export function tenantPart(workload: Workload, names: readonly string[]): Workload {
  const wanted = new Set(names);
  return {
    ...workload,
    tenants: (workload.tenants ?? []).filter(({ name }) => wanted.has(name)),
    notes: [...workload.notes, `Of its tenants only ${names.join(", ")}.`],
    *requests(seed) {
      for (const spec of workload.requests(seed)) if (wanted.has(spec.tenant ?? "")) yield spec;
    },
  };
}
