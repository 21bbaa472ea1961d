/** Requests of one measured run, as its publication describes them. Lengths in tokens. */
export type Load =
  /** Poisson arrivals of requests of one size. */
  | {
      readonly kind: "open";
      readonly prompt: number;
      readonly output: number;
      readonly rate: number; // requests per second
      readonly requests: number;
    }
  /** Stages of one rate each; `distinct` prompts that all begin in one of `groups` ways, sent in a cycle. */
  | {
      readonly kind: "stages";
      readonly prompt: number;
      readonly shared: number; // tokens at a prompt's start that its group shares
      readonly groups: number;
      readonly distinct: number;
      readonly output: number;
      readonly stages: readonly { readonly rate: number; readonly seconds: number }[];
    }
  /** All at once; --max-concurrency or --max-num-seqs of the options bounds how many run. */
  | {
      readonly kind: "full";
      readonly prompt: number;
      readonly output: number | LengthQuantiles;
      readonly requests: number;
    };

/** Lengths of many answers: the share `shares[i]` has at most `tokens[i]`; straight lines in between. */
export interface LengthQuantiles {
  readonly shares: readonly number[]; // ascending, from 0 to 1
  readonly tokens: readonly number[];
  readonly mean: number; // of the answers of one run; lengths are scaled to it
}

/** Where the numbers of some cases were published. */
export interface Publication {
  readonly title: string;
  readonly source: string; // repository and commit, file
  readonly notes: readonly string[]; // what is not known of the runs, and what is assumed instead
}

/** One run of a real engine that somebody measured. */
export interface MeasuredCase {
  readonly name: string; // unique
  readonly publication: PublicationName;
  readonly run: string; // its name in the publication
  readonly target: TargetName; // the row of targets it counts towards
  readonly experiment: string; // cases of one experiment are left out together in cross-validation
  readonly load: Load;
  readonly loadLevel: number; // requests per second, or in flight: to order cases of one model
  /** Options of `serve`; what is not there has its default. */
  readonly options: Readonly<Record<string, string | number | boolean>>;
  /** What was measured, by vLLM's names; latencies in ms, others as named there. full_sequences: the most that fit. */
  readonly measured: Readonly<Record<string, number>>;
  /** Rates, power and sequences were taken from the B-th first token to the (N - B - 1)-th end, B = --max-num-seqs. */
  readonly steadyWindow?: boolean;
  /** Figures that are output tokens per second over those of another case → that case. */
  readonly throughputOver?: Readonly<Record<string, string>>;
}

const PUBLICATIONS = ["vllm-0.23", "vllm-0.15", "ml-energy", "closed-loop", "r-kv"] as const;
export type PublicationName = (typeof PUBLICATIONS)[number];

const TARGETS = [
  "open loop",
  "saturated",
  "stages, dense",
  "stages, MoE in fp8",
  "thinking",
  "chat",
  "closed loop",
  "closed loop, other engine",
  "eager, full memory",
] as const;
export type TargetName = (typeof TARGETS)[number];

/** Runs of no serving engine that is modelled: their errors say nothing of one, and no host term is fitted to them. */
export const OTHER_ENGINES: readonly TargetName[] = ["closed loop, other engine", "eager, full memory"];
