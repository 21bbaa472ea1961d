import type { ReplayOptions } from "../replay/plan.js";
import type { ReplayResult } from "../replay/quality.js";
import { replay } from "../replay/replay.js";
import type { Policy } from "../policy/policy.js";
import type { PlacedSelection } from "../replay/selection.js";
import { openRecording } from "./recordings.js";
import { resolvePolicies } from "./resolve.js";
import { SelectionParts } from "./selection-parts.js";
import { SelectionsFile } from "./selections-file.js";

/**
 * Replays a recording, by path or name, through policies given as for --policy. `selections`: path of a file for what
 * was kept and read. Throws InputError for what is wrong with any of them.
 */
export async function replayFile(
  file: string,
  specification: string | readonly string[],
  options: ReplayOptions,
  selections?: string,
): Promise<ReplayResult> {
  const policies = await resolvePolicies(specification);
  const trace = openRecording(file);
  const out = selections === undefined ? undefined : new SelectionsFile(selections);
  try {
    const parts =
      out &&
      new SelectionParts(
        out.folder,
        policies.map(({ name }) => name),
      );
    const hooks =
      parts === undefined
        ? {}
        : { show: (policy: Policy, selection: PlacedSelection) => parts.add(policies.indexOf(policy), selection) };
    const result = replay(trace, policies, options, hooks);
    parts?.flush();
    out?.finish();
    return result;
  } finally {
    out?.discard();
    trace.close();
  }
}
