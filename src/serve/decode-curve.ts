import { at, total, type Line } from "../core/line.js";
import { footprint } from "./layer-groups.js";
import type { DecodePoint } from "./outcome.js";
import type { Scenario } from "./scenario.js";

const POINTS = 128;
const LONGEST = 32_768;

/**
 * One sequence alone on one replica: the paper's figure of decode time and memory against decode length (RaaS, arXiv
 * 2502.11147). Prompt and length as given, walked regime by regime.
 */
export function decodeCurve(scenario: Scenario, promptTokens: number, outputTokens: number): readonly DecodePoint[] {
  const { groups, policy, cost } = scenario.engine;
  const last = Math.min(outputTokens, LONGEST, scenario.maxModelTokens - promptTokens) - 1;
  const points: DecodePoint[] = [];
  const every = Math.max(1, Math.floor(last / POINTS));
  const tokenBytes = scenario.memory.kv_bytes_per_token / scenario.parts.model.layers;
  const index = policy.indexPageTokens === 0 ? 0 : policy.work.representativeShare / policy.indexPageTokens;
  let seconds = 0;
  for (let generated = 1; generated <= last;) {
    const print = footprint(groups, policy, { prompt: promptTokens, generated });
    const step = cost.step({ decodes: 1, chunks: [], read: print.read, scored: print.scored });
    const steps = Math.min(print.steadyFor, step.steadyFor, last - generated + 1);
    for (let k = Math.ceil(generated / every) * every - generated; k < steps; k += every) {
      let bytes = 0;
      print.resident.forEach((line: Line, g) => {
        const group = groups[g];
        const share = group?.kind === "policy" ? 1 + index : 1;
        bytes += (group?.layers ?? 0) * at(line, k) * tokenBytes * share;
      });
      points.push({
        generated: generated + k,
        step_ms: at(step, k) * 1000,
        decode_s: seconds + total(step, k + 1),
        kv_bytes: bytes,
      });
    }
    seconds += total(step, steps);
    generated += steps;
  }
  return points;
}
