import { InputError } from "../core/check.js";
import { mapped, type RequestSpec, type Workload } from "./workload.js";

const MAX_BUDGET = 10_000_000;

/** Most reasoning tokens: of every request, or of a tenant's. */
export interface ThinkingBudgets {
  readonly all: number | undefined;
  readonly tenants: ReadonlyMap<string, number>;
}

/**
 * The budgets of a workload: those of its tenants, unless a user says otherwise: "4096" for all, "batch=1024,chat=8192" for
 * tenants, or both: "4096,batch=1024". What is said for all holds for tenants not named. undefined: there are none.
 */
export function thinkingBudgets(workload: Workload, said: string | number | undefined): ThinkingBudgets | undefined {
  const known = workload.tenants ?? [];
  const named = new Map<string, number>(); // "" for all
  for (const part of said === undefined ? [] : String(said).split(",")) {
    const [, name = "", tokens] = /^(?:([^=]+)=)?(\d+)$/.exec(part.trim()) ?? [];
    const budget = Number(tokens ?? NaN);
    if (!(budget >= 1 && budget <= MAX_BUDGET) || named.has(name)) {
      throw refused(part, `expected tokens from 1 to ${MAX_BUDGET}, TENANT=TOKENS, or both with commas between`);
    }
    if (name !== "" && !known.some((tenant) => tenant.name === name)) {
      const names = known.map((tenant) => tenant.name).join(", ");
      throw refused(part, names === "" ? "the workload has no tenants" : `tenants are ${names}`);
    }
    named.set(name, budget);
  }
  const all = named.get("");
  const tenants = new Map<string, number>();
  for (const { name, thinkingBudget } of known) {
    const budget = named.get(name) ?? all ?? thinkingBudget;
    if (budget !== undefined) tenants.set(name, budget);
  }
  return all === undefined && tenants.size === 0 ? undefined : { all, tenants };
}

function refused(part: string, why: string): InputError {
  return new InputError("thinking-budget", `"${part.trim()}" is not allowed; ${why}`);
}

/** The workload with reasoning cut at its budget; the answer stays as long as it was. */
export function capThinking(workload: Workload, { all, tenants }: ThinkingBudgets): Workload {
  const budgetOf = ({ tenant }: RequestSpec): number =>
    (tenant === undefined ? undefined : tenants.get(tenant)) ?? all ?? Infinity;
  const each = [...tenants]
    .filter(([, budget]) => budget !== all)
    .map(([name, budget]) => `${budget} tokens (${name})`);
  const list = [...(all === undefined ? [] : [`${all} tokens`]), ...each].join(", ");
  return {
    ...workload,
    capsThinking: true,
    notes: [
      ...workload.notes,
      `Reasoning ends by force at its thinking budget, ${list}; the answer after it is taken to be as long as without.`,
    ],
    *requests(seed) {
      for (const spec of workload.requests(seed)) yield mapped(spec, (one) => capped(one, budgetOf(one)));
    },
  };
}

function capped(spec: RequestSpec, budget: number): RequestSpec {
  const cutTokens = spec.reasoningTokens - budget;
  if (!(cutTokens > 0)) return spec;
  return {
    ...spec,
    // A request that was cut at its output limit within its reasoning still gets one token of an answer.
    outputTokens: Math.max(budget + 1, spec.outputTokens - cutTokens),
    reasoningTokens: budget,
    cutTokens,
  };
}
