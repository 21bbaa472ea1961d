import type { Rng } from "../core/rng.js";
import type { LengthChange } from "./length-fit.js";

/** One request as the client sends it. */
export interface RequestSpec {
  readonly id: number; // 0, 1, 2, … in order of arrival
  readonly arrival: number; // seconds from the start of the run, ≥ 0
  readonly promptTokens: number; // ≥ 1
  readonly outputTokens: number; // ≥ 1, reasoning included
  readonly reasoningTokens: number; // 0 … outputTokens; the answer begins after them
  readonly priority: number; // smaller is served first; 0 unless the workload says otherwise
  readonly session: string; // "" if none
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

/** Requests in order of arrival, drawn lazily; the same seed gives the same requests. */
export interface Workload {
  readonly name: string;
  readonly source: string; // where lengths and arrivals come from
  readonly notes: readonly string[];
  /** Set if output lengths are not the source's own, but those a cache policy makes of them. */
  readonly lengthChange?: LengthChange;
  requests(seed: number): Iterable<RequestSpec>;
}
