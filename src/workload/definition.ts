import * as z from "zod";
import { InputError } from "../core/check.js";
import { jsonProblem } from "./json-problem.js";

const MAX_TOKENS = 10_000_000;
const positive = z.number().positive();
const weight = positive.max(1);
const source = z.string().min(1);
const limit = z.number().int().min(1).max(MAX_TOKENS);

const component = z.discriminatedUnion(
  "kind",
  [
    z.strictObject({ kind: z.literal("lognormal"), weight, mu: z.number(), sigma: positive }),
    z.strictObject({ kind: z.literal("weibull"), weight, shape: positive, scale: positive }),
    z.strictObject({ kind: z.literal("gamma"), weight, shape: positive, scale: positive }),
    z.strictObject({ kind: z.literal("exponential"), weight, mean: positive }),
    z.strictObject({ kind: z.literal("pareto"), weight, minimum: positive, alpha: positive }),
  ],
  { error: "expected one of lognormal, weibull, gamma, exponential, pareto" },
);

const beta = z.strictObject({ kind: z.literal("beta"), weight, alpha: positive, beta: positive });

function weighted<T extends z.ZodType<{ weight: number }>>(item: T): z.ZodArray<T> {
  return z
    .array(item)
    .min(1)
    .refine((items) => Math.abs(items.reduce((sum, each) => sum + each.weight, 0) - 1) <= 0.01, {
      error: "weights must sum to 1 (within 0.01)",
    });
}

const reasoning = z.discriminatedUnion(
  "kind",
  [
    z.strictObject({ kind: z.literal("fixed"), share: z.number().min(0).max(1), source }),
    z.strictObject({ kind: z.literal("mixture"), share: weighted(beta), source }),
  ],
  { error: "expected one of fixed, mixture" },
);

const output = z.discriminatedUnion(
  "kind",
  [
    z.strictObject({ kind: z.literal("total"), components: weighted(component), limit, source, reasoning }),
    z.strictObject({
      kind: z.literal("parts"),
      reasoning: weighted(component),
      answer: weighted(component),
      limit,
      source,
    }),
  ],
  { error: "expected one of total, parts" },
);

const arrivals = z.discriminatedUnion(
  "process",
  [
    z.strictObject({ process: z.literal("poisson"), source }),
    z.strictObject({ process: z.literal("constant"), source }),
    z.strictObject({ process: z.literal("gamma"), shape: positive.max(1000), source }),
    z.strictObject({ process: z.literal("weibull"), shape: positive.max(1000), source }),
  ],
  { error: "expected one of poisson, constant, gamma, weibull" },
);

const prompt = z.strictObject({ components: weighted(component), limit, source });

const tenantName = z
  .string()
  .regex(/^[a-z0-9][a-z0-9-]*$/, { error: "expected lower-case letters, digits and hyphens" });

/** Who sends a part of the requests; lengths that it does not give are the workload's. */
const tenant = z.strictObject({
  name: tenantName,
  share: weight,
  priority: z.number().int().min(-1000).max(1000).optional(),
  thinkingBudget: limit.optional(),
  prompt: prompt.optional(),
  output: output.optional(),
});

const tenants = z
  .array(tenant)
  .min(1)
  .refine((all) => Math.abs(all.reduce((sum, { share }) => sum + share, 0) - 1) <= 0.01, {
    error: "shares must sum to 1 (within 0.01)",
  })
  .refine((all) => new Set(all.map(({ name }) => name)).size === all.length, { error: "names must differ" });

/**
 * A workload file. Lengths in tokens, rates in requests per second, mu and sigma of natural logarithms, the curve as 24
 * factors from 0 h relative to their mean. Every `source` is a key of `sources`.
 */
export const WORKLOAD_DEFINITION = z.strictObject({
  name: z.string().regex(/^[a-z0-9][a-z0-9-]*$/, { error: "expected lower-case letters, digits and hyphens" }),
  title: z.string().min(1),
  sources: z.record(z.string(), z.string().min(1)),
  notes: z.array(z.string().min(1)),
  requestRate: z.strictObject({ value: positive.max(1e6), source }),
  arrivals,
  hourlyCurve: z
    .strictObject({
      factors: z
        .array(z.number().min(0))
        .length(24, { error: "expected 24 factors, one an hour" })
        .refine((factors) => factors.some((factor) => factor > 0), { error: "expected a factor above 0" }),
      source,
    })
    .optional(),
  prompt,
  output,
  /** Shares of questions; a user or session belongs to one. Smaller priorities are served first. */
  tenants: tenants.optional(),
});

export type WorkloadDefinition = z.output<typeof WORKLOAD_DEFINITION>;

/** Checks parsed JSON. `path` names the file in messages. Errors: InputError with file, key, value and what is allowed. */
export function parseDefinition(json: unknown, path: string): WorkloadDefinition {
  const parsed = WORKLOAD_DEFINITION.safeParse(json);
  if (!parsed.success) throw jsonProblem(parsed.error, json, path);
  const definition = parsed.data;
  for (const [key, name] of sourceKeys(definition)) {
    if (name in definition.sources) continue;
    const known = Object.keys(definition.sources).join(", ");
    throw new InputError(`${path} ${key}`, `${JSON.stringify(name)} is not a key of sources; known are ${known}`);
  }
  return definition;
}

function sourceKeys(definition: WorkloadDefinition): [string, string][] {
  const { requestRate, arrivals: process, hourlyCurve, tenants: senders = [] } = definition;
  const keys: [string, string][] = [
    ["requestRate.source", requestRate.source],
    ["arrivals.source", process.source],
    ...lengthKeys("", definition),
    ...senders.flatMap((sender, i) => lengthKeys(`tenants.${i}.`, sender)),
  ];
  if (hourlyCurve !== undefined) keys.push(["hourlyCurve.source", hourlyCurve.source]);
  return keys;
}

function lengthKeys(
  prefix: string,
  lengths: { readonly [K in "prompt" | "output"]?: WorkloadDefinition[K] | undefined },
): [string, string][] {
  const { prompt: asked, output: given } = lengths;
  const keys: [string, string][] = [];
  if (asked !== undefined) keys.push([`${prefix}prompt.source`, asked.source]);
  if (given !== undefined) keys.push([`${prefix}output.source`, given.source]);
  if (given?.kind === "total") keys.push([`${prefix}output.reasoning.source`, given.reasoning.source]);
  return keys;
}
