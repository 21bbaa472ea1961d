import type { ModelBand } from "../statistics/model-band.js";
import type { LengthChange } from "../workload/length-fit.js";

/** What a simulation tells the outside: plain data, ready for JSON, tables and charts. Times as named; bytes; dollars. */
export interface Outcome {
  readonly label: string; // of the policy, unique among compared outcomes
  readonly policy: string; // its name, parameters included: joins with a replay's
  readonly version: string; // of raas-sim
  readonly seed: number;
  readonly scenario: object; // complete, every default filled in; can be written to a file and run again
  readonly resolved: object; // what its names stood for: policy parameters, sources, price
  readonly profile: {
    readonly name: string;
    readonly kind: string;
    readonly sources: Readonly<Record<string, string>>;
  };
  /** The model that made outputs longer, if one did. */
  readonly lengthChange?: LengthChange;
  readonly metrics: Metrics;
  readonly tenants?: readonly TenantFigures[];
  /** Largest relative error of a percentile; 0 where all values were kept. */
  readonly percentiles: { readonly method: "exact" | "sketch"; readonly relative_error: number };
  /** Requests that were served and left out of latencies, rates and goodput, if that was asked for. */
  readonly warmup?: { readonly seconds: number; readonly requests: number; readonly rule?: "mser-5" };
  /** How intervals were found, if they were asked for. */
  readonly confidence?: Confidence;
  /** Of the metrics that have one: with probability `confidence.level` it covers the value expected of such runs. */
  readonly confidence_intervals?: Readonly<Record<string, Interval>>;
  /** Where a measurement would lie if the model errs as it did where it was checked. */
  readonly model_error_bands?: Readonly<Record<string, ModelBand>>;
  /** Against the first of the compared policies, if each was simulated several times over the same requests. */
  readonly difference?: Difference;
  readonly saturation: { readonly saturated: boolean; readonly message: string };
  readonly latency: readonly LatencyPoint[]; // quantile curves
  readonly series: readonly SeriesPoint[];
  readonly operators: readonly OperatorShare[];
  readonly memory: MemoryLayout;
  readonly decodeCurve: readonly DecodePoint[];
  readonly notes: readonly string[]; // approximations and warnings a reader must know
}

/** The figures without the charts' data: enough for tables and JSON. */
export type Summary = Omit<Outcome, "latency" | "series" | "operators" | "decodeCurve">;

/** From, to; in the unit of the metric. */
export type Interval = readonly [from: number, to: number];

export interface Confidence {
  readonly level: number; // e.g. 0.95
  readonly method: "replications" | "batch-means";
  readonly replications?: number; // metrics are means over them
  readonly seeds?: readonly number[]; // of each: --seed repeats it alone
  readonly batches?: readonly number[]; // numbers of batches that were used
}

export type { ModelBand };

/** Paired differences over replications: each compares runs over the same requests. */
export interface Difference {
  readonly baseline: string; // label
  readonly changes: Readonly<Record<string, Change>>; // by key of the metric
}

export interface Change {
  readonly change: number; // mean of value - baseline, in the unit of the metric
  readonly interval: Interval;
  readonly relative_change: number | null; // mean of value / baseline - 1; null if the baseline is 0
  readonly relative_interval: Interval | null;
  readonly significant: boolean; // 0 is outside the interval
}

/** Keys as vLLM's benchmark writes them, and ours in the same style. Latencies in milliseconds. */
export type Metrics = Readonly<Record<string, number | null>>;

/** Of the requests of one tenant. */
export interface TenantFigures {
  readonly tenant: string;
  readonly priority: number;
  readonly completed: number;
  readonly failed: number; // refused
  readonly cancelled: number; // given up by their client
  readonly p50_ttft_ms: number | null;
  readonly p99_ttft_ms: number | null;
  readonly p50_e2el_ms: number | null;
  readonly p99_e2el_ms: number | null;
  readonly thinking_budget_met: number; // requests whose reasoning was cut
}

export type LatencyMetric = "ttft" | "tpot" | "itl" | "e2el";
/** `share` of all values (of requests; of gaps for itl) are at most `ms`. */
export interface LatencyPoint {
  readonly metric: LatencyMetric;
  readonly share: number;
  readonly ms: number;
}

/** Means over one time bin that starts at `time_s`; all replicas together. */
export interface SeriesPoint {
  readonly time_s: number;
  readonly output_tokens_per_s: number;
  readonly input_tokens_per_s: number;
  readonly running: number; // sequences in the engine
  readonly waiting: number; // requests in the queue
  readonly kv_used_share: number; // of the KV pool
  readonly preemptions: number; // in this bin
  readonly requests_sent_per_s: number;
  readonly requests_ended_per_s: number;
}

/** Where the engine's time went, summed over the run and replicas. */
export interface OperatorShare {
  readonly operator: string;
  readonly seconds: number;
  readonly share: number;
}

/** One GPU's memory, bytes, and the pool of one replica. */
export interface MemoryLayout {
  readonly gpu_memory_bytes: number;
  readonly context_bytes: number; // there before the engine starts
  readonly weight_bytes: number;
  readonly activation_bytes: number;
  readonly non_torch_bytes: number;
  readonly cuda_graph_bytes: number;
  readonly kv_cache_bytes: number; // the KV pool
  readonly free_bytes: number;
  readonly num_gpu_blocks: number;
  readonly kv_cache_tokens: number; // of one sequence that fills the pool; windows forget, so that it holds more
  readonly block_tokens: number;
  readonly block_bytes: number; // of one block, index included
  readonly layers_per_block: number; // of which one block holds its tokens
  readonly kv_bytes_per_token: number; // of the whole model, dense
}

/** One sequence alone on one replica: after `generated` tokens. */
export interface DecodePoint {
  readonly generated: number;
  readonly step_ms: number; // time of the step that makes the next token
  readonly decode_s: number; // all decode steps so far
  readonly kv_bytes: number; // held, index included, over all GPUs of the replica
}
