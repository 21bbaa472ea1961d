import * as z from "zod";
import { jsonProblem } from "./json-problem.js";

const tokens = z.number().positive().max(10_000_000);

const LENGTH_TABLE = z.strictObject({
  title: z.string().min(1),
  points: z
    .array(
      z.strictObject({
        policy: z.string().min(1),
        budgets: z.array(tokens).min(1),
        denseMeanTokens: tokens,
        meanTokens: tokens,
        source: z.string().min(1),
      }),
    )
    .min(1),
});

/**
 * Mean output lengths under cache policies. A point: the policy's kind, the token budgets whose runs were averaged (mostly
 * one), the mean length without the policy and with it.
 */
export type LengthTable = z.output<typeof LENGTH_TABLE>;
export type LengthPoint = LengthTable["points"][number];

/** Checks parsed JSON. `path` names the file in messages. Errors: InputError with file, key, value and what is allowed. */
export function parseLengthTable(json: unknown, path: string): LengthTable {
  const parsed = LENGTH_TABLE.safeParse(json);
  if (!parsed.success) throw jsonProblem(parsed.error, json, path);
  return parsed.data;
}
