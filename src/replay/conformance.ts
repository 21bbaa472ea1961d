import { InputError } from "../core/check.js";
import type { FootprintCurve } from "../policy/measured.js";
import type { Lengths, Policy } from "../policy/policy.js";
import type { AttentionTrace } from "../trace/attention-trace.js";
import { replay } from "./replay.js";
import type { PlacedSelection } from "./selection.js";

/**
 * The laws of lanes, checked while a policy is replayed on a recording; the violations in words, none if all hold.
 * A step reads part of what is held, the newest token among it, and what was evicted never comes back. What is read and
 * held is what the footprint says: to the token for a policy without pages; for one with, reads are less than a page
 * off, and memory is that of whole pages in its fullest step. Heads and layers that share a budget agree with it on
 * average, to half a token a layer. A policy whose counts depend on the attention stays within its footprint.
 */
export function laneViolations(policy: Policy, trace: AttentionTrace, seed = 0): string[] {
  const steps: PlacedSelection[][] = [];
  try {
    replay(trace, [policy], { seed, outputError: false }, { show: (_, lane) => (steps[lane.step] ??= []).push(lane) });
  } catch (violation) {
    if (violation instanceof InputError) return [violation.message];
    throw violation;
  }
  return countViolations(policy, trace, steps);
}

function countViolations(policy: Policy, trace: AttentionTrace, steps: readonly PlacedSelection[][]): string[] {
  const { promptTokens, layers, layersTotal } = trace.metadata;
  const { denseLayers } = policy;
  const complete = layers.filter((layer) => layer >= denseLayers).length === layersTotal - denseLayers;
  const kept = new Map<string, number>();
  for (const [step, selections] of steps.entries()) {
    const lanes = selections
      .filter(({ layer }) => layer >= denseLayers)
      .map((lane) => {
        const place = [lane.layer, lane.head, lane.queryHead].join("/");
        const held = (kept.get(place) ?? promptTokens) + 1;
        kept.set(place, sizeOf(lane.kept));
        return { held, read: sizeOf(lane.read) };
      });
    const alike = lanes.every(({ held, read }) => held === lanes[0]?.held && read === lanes[0].read);
    if (lanes.length === 0 || !(alike || complete)) continue; // layers are missing from an average
    const problems = differences(
      policy,
      { prompt: promptTokens, generated: step + 1 },
      lanes,
      alike ? 0 : layersTotal / 2,
    );
    // one step tells enough
    if (problems.length > 0) return problems.map((problem) => `${policy.name} at step ${step}: ${problem}`);
  }
  return [];
}

/**
 * Whether the counts of a policy's replay, means over the heads and layers it governs, are those of its footprint: what is
 * wrong in the first step where they are not. `held` and `read` are of the steps from that with `fromTokens` tokens on.
 */
export function footprintProblem(policy: Policy, promptTokens: number, curve: FootprintCurve): string | undefined {
  for (const [index, held] of curve.held.entries()) {
    const generated = curve.fromTokens + index - promptTokens;
    const read = curve.read[index] as number;
    const problems = differences(policy, { prompt: promptTokens, generated }, [{ held, read }], 1 / 2);
    if (problems.length > 0) return `with ${curve.fromTokens + index} tokens it ${problems.join(", it ")}`;
  }
  return undefined;
}

interface Counts {
  readonly held: number;
  readonly read: number;
}

function differences(policy: Policy, lengths: Lengths, lanes: readonly Counts[], rounding: number): string[] {
  const print = policy.footprint(lengths);
  const rest = Math.max(1, policy.indexPageTokens) - 1; // of a page
  const held = mean(lanes.map((lane) => lane.held));
  const read = mean(lanes.map((lane) => lane.read));
  const bound = policy.dataDependent === true;
  const least = { held: bound ? 0 : print.resident.now - 2 * rest, read: bound ? 0 : print.read.now - rest };
  const problems: string[] = [];
  if (held < least.held - rounding || held > print.resident.now + rounding) {
    problems.push(`holds ${held} tokens, resident is ${print.resident.now}`);
  }
  if (read < least.read - rounding || read > print.read.now + rest + rounding) {
    problems.push(`reads ${read} tokens, read is ${print.read.now}`);
  }
  return problems;
}

function sizeOf(ranges: readonly (readonly [number, number])[]): number {
  return ranges.reduce((sum, [start, end]) => sum + end - start, 0);
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}
