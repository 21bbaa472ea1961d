import { InputError } from "../core/check.js";
import type { Policy } from "../policy/policy.js";
import { withMeasuredFootprints } from "../replay/footprint-curve.js";
import { planReplay } from "../replay/plan.js";
import { replay } from "../replay/replay.js";
import type { Recorded } from "../report/recorded.js";
import { progressLine } from "./progress.js";
import { openRecording } from "./recordings.js";

/**
 * Replays the policies on a recording; those that only say what they cost are left out. Returns them with footprints
 * measured where these depend on the attention, and what the replay found.
 */
export function replayRecorded(
  name: string,
  policies: readonly Policy[],
  seed: number,
): { readonly policies: readonly Policy[]; readonly recorded: Recorded } {
  const replayable = policies.filter(({ lanes }) => lanes !== undefined);
  if (replayable.length === 0) {
    throw new InputError(
      "trace",
      "no policy given can be replayed: they say what they cost, not which positions they choose",
    );
  }
  const trace = openRecording(name);
  const line = progressLine(`replay of ${name}`);
  try {
    const { tasks, settings } = planReplay(trace, replayable, { seed });
    const all = (tasks.length * settings.toStep).toLocaleString("en-US");
    let steps = 0;
    const progress = (): void => line.update(`${(++steps).toLocaleString("en-US")} of ${all} steps`);
    const result = replay(trace, replayable, { seed }, { progress });
    return { policies: withMeasuredFootprints(policies, result, name), recorded: { recording: name, replay: result } };
  } finally {
    line.end();
    trace.close();
  }
}
