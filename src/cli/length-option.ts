import { InputError } from "../core/check.js";
import type { Policy } from "../policy/policy.js";
import type { LengthFit } from "../workload/length-fit.js";
import { inflateLengths } from "../workload/length-inflation.js";
import type { Workload } from "../workload/workload.js";
import { readJson } from "./scenario-file.js";

/** What --length-inflation says: undefined for off, else a fit to published tables or to the user's. */
export async function lengthFit(option: string): Promise<LengthFit | undefined> {
  if (option === "off") return undefined;
  const { fitLengths } = await import("../workload/length-fit.js");
  if (option === "published") {
    const { PUBLISHED_LENGTHS } = await import("../workload/published-lengths.js");
    return fitLengths(PUBLISHED_LENGTHS, "published lengths");
  }
  const { parseLengthTable } = await import("../workload/length-table.js");
  return fitLengths(parseLengthTable(readJson(option), option), option);
}

/** The workload as the policy makes it; dense leaves it alone. */
export function lengthened(workload: Workload, policy: Policy, fit: LengthFit | undefined): Workload {
  if (fit === undefined || policy.kind === "dense") return workload;
  return inflateLengths(workload, { fit, policy: policy.kind, budget: budgetIn(policy, fit) });
}

/**
 * The budget on which lengths depend. A policy that the table does not know is refused: with its lengths as they are, it
 * would look better than those whose lengths are known.
 */
function budgetIn({ kind, parameters, dataDependent }: Policy, { title, amplitudes }: LengthFit): number {
  const known = Object.keys(amplitudes);
  if (!known.includes(kind)) {
    throw new InputError(
      "length-inflation",
      `${title}: no lengths under ${kind}; there are ${known.join(", ")}. Give a table of your own, or leave it off`,
    );
  }
  const budget = parameters["budget"];
  if (typeof budget !== "number" || dataDependent === true) {
    throw new InputError("length-inflation", `this ${kind} goes by no budget, on which lengths depend`);
  }
  return budget;
}
