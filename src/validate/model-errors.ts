import * as z from "zod";
import { InputError } from "../core/check.js";
import { OTHER_ENGINES } from "./case.js";

/** Of the committed page of `raas-sim validate --out`, what errors are taken from. */
const PAGE = z.object({
  cases: z.array(
    z.object({
      target: z.string(),
      options: z.object({ hardware: z.string() }),
      comparisons: z.array(z.object({ metric: z.string(), error: z.number().gt(-1) })),
    }),
  ),
});

/** Errors, predicted / measured - 1, of every checked run on a device by key of the metric; `path` is for messages. */
export function modelErrors(
  page: unknown,
  hardware: string,
  path: string,
): Readonly<Record<string, readonly number[]>> {
  const parsed = PAGE.safeParse(page);
  if (!parsed.success) throw new InputError(path, "is not a result of raas-sim validate");
  const errors: Record<string, number[]> = {};
  for (const { target, options, comparisons } of parsed.data.cases) {
    if (OTHER_ENGINES.some((other) => other === target) || options.hardware !== hardware) continue;
    for (const { metric, error } of comparisons) (errors[metric] ??= []).push(error);
  }
  return errors;
}
