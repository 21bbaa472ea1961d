import { InputError } from "../core/check.js";
import type { ScenarioOptions } from "../serve/options.js";
import type { LogPart } from "../workload/log-rows-sent.js";
import { givenSessionOption } from "./session-options.js";

const ONLY_LOGS = ["columns", "from", "to", "rate-scale", "time-scale", "session-timing"] as const;

const MIX_HAS = ["burstiness", "columns", "time-scale", "session-timing", "rate-curve", "start-hour"] as const;

/** The part of a log that is sent. */
export function logPart(options: ScenarioOptions): LogPart {
  return { from: options.from, to: options.to, rateScale: options["rate-scale"] };
}

/** Options that only a recorded log has a meaning for are errors elsewhere. */
export function refuseLogOptions(options: ScenarioOptions, why: string): void {
  const given = ONLY_LOGS.find((name) => options[name] !== undefined);
  if (given !== undefined) throw new InputError(given, why);
}

/** What client models have already, or what has no meaning for them. */
export function refuseMixOptions(options: ScenarioOptions): void {
  const own = givenSessionOption(options) ?? MIX_HAS.find((name) => options[name] !== undefined);
  if (own !== undefined)
    throw new InputError(own, "does not apply to client models, which have rates and gaps of their own");
}
