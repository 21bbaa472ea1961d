import { InputError } from "../core/check.js";
import type { Policy } from "../policy/policy.js";
import { withMeasuredFootprints } from "../replay/footprint-curve.js";
import type { Recorded } from "../report/recorded.js";
import { replayFile } from "./replay-file.js";

/**
 * Replays the policies on a recording; those that only say what they cost are left out. Returns them with footprints
 * measured where these depend on the attention, and what the replay found.
 */
export async function replayRecorded(
  name: string,
  policies: readonly Policy[],
  seed: number,
): Promise<{ readonly policies: readonly Policy[]; readonly recorded: Recorded }> {
  const replayable = policies.filter(({ lanes }) => lanes !== undefined);
  if (replayable.length === 0) {
    throw new InputError(
      "trace",
      "no policy given can be replayed: they say what they cost, not which positions they choose",
    );
  }
  const result = await replayFile(name, replayable, { seed });
  return { policies: withMeasuredFootprints(policies, result, name), recorded: { recording: name, replay: result } };
}
