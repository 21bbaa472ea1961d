import { InputError } from "../core/check.js";
import { RECORDED_PAGE } from "../attention/scores-rows.js";
import type { Lanes } from "../policy/lane.js";
import type { Policy } from "../policy/policy.js";
import {
  TRACE_CHANNELS,
  type AttentionTrace,
  type TraceChannel,
  type TraceMetadata,
} from "../trace/attention-trace.js";
import { lanesIn, type ReplayTask } from "./replay-task.js";
import { REPLAY_DEFAULTS, type ReplaySettings } from "./settings.js";

/** What to replay of a trace; everything, unless said otherwise. */
export interface ReplayOptions extends Partial<ReplaySettings> {
  /** Layers, by their index in the model. */
  readonly layers?: readonly number[];
  /** KV heads. */
  readonly heads?: readonly number[];
}

export interface ReplayPlan {
  readonly settings: ReplaySettings;
  readonly layers: readonly number[];
  readonly kvHeads: readonly number[];
  readonly tasks: readonly ReplayTask[];
}

/** Splits a replay into tasks. Throws InputError for what the trace does not have or a policy cannot do with it. */
export function planReplay(trace: AttentionTrace, policies: readonly Policy[], options: ReplayOptions): ReplayPlan {
  const { metadata, channels } = trace;
  const steps = metadata.totalTokens - metadata.promptTokens;
  if (steps === 0) throw new InputError("trace", "has a prompt and no decode steps; there is nothing to replay");
  const { layers: chosenLayers, heads, ...given } = options;
  const outputError = (given.outputError ?? REPLAY_DEFAULTS.outputError) && channels.has("values");
  const settings = { ...REPLAY_DEFAULTS, fromStep: 0, toStep: steps, ...given, outputError };
  requireRange("steps", settings.fromStep, settings.toStep, steps);
  const layers = chosen("layers", chosenLayers, metadata.layers);
  const kvHeads = chosen(
    "heads",
    heads,
    Array.from({ length: metadata.kvHeads }, (_, head) => head),
  );
  for (const policy of policies) requireReplayable(trace, policy);
  const tasks = layers.flatMap((layer) => {
    const together = policies.some((policy) => {
      const { group, seesLayer } = lanesIn(policy, layer);
      return group === "layer" || seesLayer === true;
    });
    if (together) return [{ layer, kvFrom: 0, kvTo: metadata.kvHeads, measured: kvHeads }];
    return kvHeads.map((head) => ({ layer, kvFrom: head, kvTo: head + 1, measured: [head] }));
  });
  return { settings, layers, kvHeads, tasks };
}

function chosen(what: string, wanted: readonly number[] | undefined, known: readonly number[]): readonly number[] {
  if (wanted === undefined) return known;
  for (const index of wanted) {
    if (!known.includes(index))
      throw new InputError(what, `${index} is not recorded; the trace has ${known.join(", ")}`);
  }
  return known.filter((index) => wanted.includes(index));
}

function requireRange(what: string, from: number, to: number, most: number): void {
  if (Number.isInteger(from) && Number.isInteger(to) && from >= 0 && from < to && to <= most) return;
  throw new InputError(what, `${from}:${to} is not a range within 0:${most}, the decode steps of the trace`);
}

function requireReplayable({ channels, metadata }: AttentionTrace, policy: Policy): void {
  const { name, lanes } = policy;
  if (lanes === undefined) {
    throw new InputError(`policy ${name}`, "says what it costs, not which positions it chooses: it cannot be replayed");
  }
  const missing = lanes.needs.filter((channel) => !channels.has(channel));
  if (missing.length > 0) {
    const has = [...channels].map((channel) => TRACE_CHANNELS[channel]).join("; ");
    throw new InputError(
      `policy ${name}`,
      `needs ${describe(missing)}, which this ${metadata.kind} trace lacks; it has ${has}`,
    );
  }
  if (metadata.kind === "scores") requireOfScores(policy, lanes, metadata);
  const { queryStart = 0, promptTokens } = metadata;
  const earliest = lanes.needs.includes("prompt-mass") ? 0 : Math.max(0, promptTokens - lanes.lookback);
  if (metadata.kind === "qkv" && queryStart > earliest) {
    throw new InputError(
      `policy ${name}`,
      `needs the queries from position ${earliest} on; the trace has them from ${queryStart} on`,
    );
  }
}

/** Scores traces hold bounds of one page size, and one row for all query heads of a KV head. */
function requireOfScores(
  { name, indexPageTokens }: Policy,
  lanes: Lanes,
  { queryHeads, kvHeads }: TraceMetadata,
): void {
  if (lanes.needs.includes("page-bounds") && indexPageTokens !== RECORDED_PAGE) {
    throw new InputError(
      `policy ${name}`,
      `needs bounds of pages of ${indexPageTokens}; scores traces have them for pages of ${RECORDED_PAGE}`,
    );
  }
  if (lanes.group === "query-head" && queryHeads > kvHeads) {
    throw new InputError(
      `policy ${name}`,
      `chooses for each query head; this scores trace has one row for the ${queryHeads / kvHeads} query heads of a KV head`,
    );
  }
}

function describe(channels: readonly TraceChannel[]): string {
  return channels.map((channel) => TRACE_CHANNELS[channel]).join(" and ");
}
