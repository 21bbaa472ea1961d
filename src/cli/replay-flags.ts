import { InputError } from "../core/check.js";
import type { HeadPlace } from "../replay/attention-map.js";
import type { ReplayOptions } from "../replay/plan.js";
import { REPLAY_DEFAULTS } from "../replay/settings.js";
import type { Flags } from "./flags.js";
import { countFlag, indicesFlag, rangeFlag, shareFlag, textFlag } from "./value-flags.js";

/** What the replay command was asked for. */
export interface ReplayRequest {
  /** Path of a trace, or the name of a recording that comes with the package. */
  readonly file: string;
  readonly policies: readonly string[];
  readonly options: ReplayOptions;
  readonly json: boolean;
  /** Path of the file of selections, if one is wanted. */
  readonly selections: string | undefined;
  /** Threads, if it says how many. */
  readonly workers: number | undefined;
  /** The KV head whose attention map the report shows; chosen from the recording if not given. */
  readonly map: HeadPlace | undefined;
}

interface FlagHelp {
  readonly help: string;
  readonly kind: "text" | "boolean";
}

/** The options of `replay` and what help says of them. */
export const REPLAY_FLAGS = {
  policy: {
    kind: "text",
    help: "policies, as in compare: dense,raas:budget=512|1024, ./mine.mjs:budget=64; may be given again",
  },
  layers: { kind: "text", help: "layers by their index in the model: 14,21 [default: all that are recorded]" },
  heads: { kind: "text", help: "KV heads: 0,1 [default: all]" },
  steps: { kind: "text", help: "decode steps a:b that are measured, from a to b - 1 [default: all]" },
  seed: { kind: "text", help: `seed of policies with chance [default: ${REPLAY_DEFAULTS.seed}]` },
  theta: {
    kind: "text",
    help: `share of a step's attention from which a position counts as used [default: ${REPLAY_DEFAULTS.theta}]`,
  },
  "top-k": { kind: "text", help: `positions that top-k recall looks at [default: ${REPLAY_DEFAULTS.topK}]` },
  "phoenix-gap": {
    kind: "text",
    help: `steps unused after which a use is a phoenix [default: ${REPLAY_DEFAULTS.phoenixGapSteps}]`,
  },
  "output-error": {
    kind: "boolean",
    help: "compute attention outputs and compare them; --no-output-error is faster [default: true]",
  },
  workers: {
    kind: "text",
    help: "threads; results do not depend on them [default: all cores, fewer for long traces: 160 MB of data at once]",
  },
  json: { kind: "boolean", help: "print one JSON object" },
  selections: {
    kind: "text",
    help: "file for what was kept and read: a JSON line for each step of each KV head (of each query head, where a policy chooses for each)",
  },
  out: { kind: "text", help: "folder for result.json, attention-map.json and report.html" },
  map: {
    kind: "text",
    help: "layer/KV head whose attention map the report shows: 23/0 [default: that with most attention on milestones]",
  },
  svg: { kind: "boolean", help: "write the charts into --out as SVG as well" },
  png: { kind: "boolean", help: "write the charts into --out as PNG as well (needs @resvg/resvg-js)" },
} as const satisfies Readonly<Record<string, FlagHelp>>;

export type ReplayFlag = keyof typeof REPLAY_FLAGS;

/** Checks the flags of `replay`. Throws InputError naming the flag, its value and what is allowed. */
export function replayRequest(flags: Flags): ReplayRequest {
  const policies = texts(flags, "policy");
  if (policies.length === 0) throw new InputError("--policy", "is missing: name at least one, e.g. raas:budget=256");
  const seed = countFlag(flags, "seed", 0, Number.MAX_SAFE_INTEGER);
  const theta = shareFlag(flags, "theta");
  const topK = countFlag(flags, "top-k", 1, 1_000_000);
  const gap = countFlag(flags, "phoenix-gap", 0, 2 ** 30);
  const layers = indicesFlag(flags, "layers");
  const heads = indicesFlag(flags, "heads");
  return {
    file: String(flags["file"]),
    policies,
    options: {
      ...(layers === undefined ? {} : { layers }),
      ...(heads === undefined ? {} : { heads }),
      ...steps(flags),
      ...(seed === undefined ? {} : { seed }),
      ...(theta === undefined ? {} : { theta }),
      ...(topK === undefined ? {} : { topK }),
      ...(gap === undefined ? {} : { phoenixGapSteps: gap }),
      ...(flags["output-error"] === false ? { outputError: false } : {}),
    },
    json: flags["json"] === true,
    selections: textFlag(flags, "selections"),
    workers: countFlag(flags, "workers", 1, 1024),
    map: mapPlace(flags),
  };
}

/** "23/0" */
function mapPlace(flags: Flags): HeadPlace | undefined {
  const given = textFlag(flags, "map");
  if (given === undefined) return undefined;
  if (textFlag(flags, "out") === undefined)
    throw new InputError("--map", "draws into the report: give its folder with --out");
  const [, layer, head] = /^(\d+)\/(\d+)$/.exec(given.trim()) ?? [];
  if (layer === undefined || head === undefined) {
    throw new InputError("--map", `"${given}" is not allowed; expected layer/KV head, e.g. 23/0`);
  }
  return { layer: Number(layer), head: Number(head) };
}

function texts(flags: Flags, name: ReplayFlag): string[] {
  const given = flags[name];
  if (given === undefined) return [];
  return (Array.isArray(given) ? (given as unknown[]) : [given]).map(String);
}

/** The ends of --steps that are given. */
function steps(flags: Flags): { fromStep?: number; toStep?: number } {
  const [from, to] = rangeFlag(flags, "steps") ?? [];
  return { ...(from === undefined ? {} : { fromStep: from }), ...(to === undefined ? {} : { toStep: to }) };
}
