import { InputError } from "../core/check.js";
import type { TraceMetadata } from "../trace/attention-trace.js";
import type { Flags } from "./flags.js";
import { rangeFlag } from "./value-flags.js";

/** Decode steps that --steps or --tokens name, if one of them is given. */
export function stepsWanted(flags: Flags, metadata: TraceMetadata): readonly [from: number, to: number] | undefined {
  const { promptTokens, totalTokens } = metadata;
  const steps = rangeFlag(flags, "steps");
  const tokens = rangeFlag(flags, "tokens");
  if (steps !== undefined && tokens !== undefined)
    throw new InputError("--tokens", "and --steps say the same; give one");
  if (steps !== undefined) return [steps[0] ?? 0, steps[1] ?? totalTokens - promptTokens];
  if (tokens === undefined) return undefined;
  const [from = 0, to = totalTokens] = tokens;
  if (from > 0 && from < promptTokens) {
    throw new InputError(
      "--tokens",
      `"${from}:${to}" starts inside the prompt, of which nothing can be cut off: attention without the first tokens would be another; start at 0, or at a decoded token from ${promptTokens} on`,
    );
  }
  if (to <= Math.max(from, promptTokens) || to > totalTokens) {
    const least = Math.max(from, promptTokens) + 1;
    throw new InputError("--tokens", `"${from}:${to}" is not allowed; the end can be from ${least} to ${totalTokens}`);
  }
  return [Math.max(0, from - promptTokens), to - promptTokens];
}
