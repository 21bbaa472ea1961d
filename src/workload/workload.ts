import type { Rng } from "../core/rng.js";
import type { LengthChange } from "./length-fit.js";
import type { Stretch } from "./text.js";

/** One request as the client sends it. */
export interface RequestSpec {
  readonly id: number; // 0, 1, 2, … in order of arrival
  readonly arrival: number; // seconds from the start of the run, ≥ 0
  readonly promptTokens: number; // ≥ 1
  readonly outputTokens: number; // ≥ 1, reasoning included
  readonly reasoningTokens: number; // 0 … outputTokens; the answer begins after them
  readonly priority: number; // smaller is served first; 0 unless the workload says otherwise
  readonly session: string; // "" if none
  readonly tenant?: string; // who sends it, if the workload tells
  readonly group?: number; // the question that this is one of several samples of
  /** What the prompt says, from its start as far as others may say the same; the rest is of this request alone. */
  readonly promptText?: readonly Stretch[];
  readonly outputText?: number; // number of the output's first token, if prompts to come may go on from it
  readonly cutTokens?: number; // of reasoning that a thinking budget has cut off
  /**
   * What the client sends because this one has ended, none of it before `now`; called once. `ended` is the request as
   * the engine took it (its output may be cut), `served` is false if it was refused.
   */
  readonly followUp?: (ended: RequestSpec, now: number, served: boolean) => readonly RequestSpec[];
}

/** A request while it is put together: fields that some requests lack are set, not spread, as millions are made. */
export type RequestDraft = { -readonly [Key in keyof RequestSpec]: RequestSpec[Key] };

/** Who sends a part of the requests. */
export interface Tenant {
  readonly name: string;
  readonly priority: number;
  readonly thinkingBudget: number | undefined; // tokens
}

/** Gaps between arrivals, in seconds, with mean 1 / rate. */
export interface ArrivalProcess {
  readonly name: string;
  gap(rng: Rng): number;
}

export interface RequestLengths {
  readonly promptTokens: number;
  readonly outputTokens: number;
  readonly reasoningTokens: number;
}

export interface LengthSource {
  readonly name: string;
  draw(rng: Rng): RequestLengths;
}

/**
 * Requests in order of arrival, drawn lazily; the same seed gives the same requests. Those that follow from the end of
 * another are not among them, see `RequestSpec.followUp`.
 */
export interface Workload {
  readonly name: string;
  readonly source: string; // where lengths and arrivals come from
  readonly notes: readonly string[];
  /** Set if output lengths are not the source's own, but those a cache policy makes of them. */
  readonly lengthChange?: LengthChange;
  readonly tenants?: readonly Tenant[];
  readonly sharesPrefixes?: boolean; // some prompts begin alike: requests have a promptText
  readonly capsThinking?: boolean; // some requests have a thinking budget
  requests(seed: number): Iterable<RequestSpec>;
}

/** A request changed, and likewise all that follow from it. */
export function mapped(spec: RequestSpec, change: (spec: RequestSpec) => RequestSpec): RequestSpec {
  const { followUp } = spec;
  const changed = change(spec);
  if (followUp === undefined) return changed;
  return { ...changed, followUp: (...ended) => followUp(...ended).map((next) => mapped(next, change)) };
}
