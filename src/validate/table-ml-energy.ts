import type { LengthQuantiles, MeasuredCase, Publication } from "./case.js";

/** The ML.ENERGY benchmark, version 3, on one H100 under vLLM 0.11.1: all requests at once, --max-num-seqs bounds them. */
export const ML_ENERGY: Publication = {
  title: "ML.ENERGY benchmark v3, one H100, vLLM 0.11.1",
  source:
    "ml-energy/leaderboard 0cd52dab, ml-energy/benchmark c1d6557f (no licence: figures quoted); window and load as in " +
    "mlenergy/benchmark/llm/benchmark.py and configs/vllm/{gpqa,lm-arena-chat}/benchmark.yaml",
  notes: [
    "Prompts of about 250 tokens, their lengths were not published. Answers have the lengths of the published histogram, which is of all runs of a model, scaled to the mean of each run; in which order they came is not known.",
    "198 questions and 1,024 chats, each once: most of what is measured is the time in which answers that began together grow.",
    "The hybrid Nemotron models of the same publication have state-space layers, which are not modelled.",
  ],
};

type Lengths = Omit<LengthQuantiles, "mean">;

/** Shares of answers at which the quantiles below stand; read off the published histograms of 50 bins. */
// prettier-ignore
const SHARES = [0, 0.01, 0.05, 0.1, 0.15, 0.2, 0.25, 0.3, 0.35, 0.4, 0.45, 0.5, 0.55, 0.6, 0.65, 0.7, 0.75, 0.8, 0.85, 0.9, 0.95, 0.98, 0.99, 0.996, 1];

/** Tokens of Qwen3-8B's answers with thinking, at most 32,768, and in chats, at most 4,096. */
// prettier-ignore
const GPQA_LENGTHS: Lengths = {
  shares: SHARES,
  tokens: [812, 1445, 2234, 3018, 3724, 4319, 4937, 5564, 6107, 6659, 7236, 7698, 8182, 8689, 9236, 9875, 10609, 11475, 12423, 13583, 15272, 18631, 20976, 23526, 32768],
};
// prettier-ignore
const CHAT_LENGTHS: Lengths = {
  shares: SHARES,
  tokens: [2, 7, 25, 48, 70, 103, 151, 209, 274, 350, 439, 526, 611, 691, 774, 863, 963, 1079, 1221, 1420, 1754, 2255, 2723, 3719, 4096],
};

interface Row {
  readonly sequences: number; // --max-num-seqs
  readonly meanOutput: number; // tokens
  readonly running: number;
  readonly medianItl: number; // ms
  readonly outputPerSecond: number; // tokens
  readonly power: number; // W
  readonly energyPerToken: number; // J
}

// prettier-ignore
const GPQA: readonly Row[] = [
  { sequences: 8, meanOutput: 7854.2, running: 7.9989, medianItl: 9.7035, outputPerSecond: 817.91, power: 493.66, energyPerToken: 0.60356 },
  { sequences: 16, meanOutput: 7861.3, running: 15.999, medianItl: 11.912, outputPerSecond: 1344.8, power: 541.6, energyPerToken: 0.40274 },
  { sequences: 32, meanOutput: 8170.4, running: 31.995, medianItl: 16.871, outputPerSecond: 1917.2, power: 608.32, energyPerToken: 0.3173 },
  { sequences: 64, meanOutput: 8366.6, running: 63.284, medianItl: 26.642, outputPerSecond: 2510.2, power: 669.75, energyPerToken: 0.26681 },
  { sequences: 96, meanOutput: 8052.4, running: 81.985, medianItl: 27.876, outputPerSecond: 3117.4, power: 689.15, energyPerToken: 0.22106 },
];

// prettier-ignore
const CHAT: readonly Row[] = [
  { sequences: 8, meanOutput: 646.57, running: 7.972, medianItl: 8.2037, outputPerSecond: 961.71, power: 427.02, energyPerToken: 0.44402 },
  { sequences: 16, meanOutput: 660.12, running: 15.955, medianItl: 8.9041, outputPerSecond: 1744.9, power: 451.34, energyPerToken: 0.25866 },
  { sequences: 32, meanOutput: 646.84, running: 31.94, medianItl: 10.569, outputPerSecond: 2927.9, power: 478.08, energyPerToken: 0.16328 },
  { sequences: 64, meanOutput: 644.55, running: 63.882, medianItl: 13.95, outputPerSecond: 4314.7, power: 514.39, energyPerToken: 0.11922 },
  { sequences: 96, meanOutput: 642.03, running: 95.821, medianItl: 17.803, outputPerSecond: 5254.7, power: 543.84, energyPerToken: 0.1035 },
  { sequences: 128, meanOutput: 641.45, running: 127.8, medianItl: 20.701, outputPerSecond: 5930.3, power: 573.01, energyPerToken: 0.096623 },
  { sequences: 192, meanOutput: 658.55, running: 191.69, medianItl: 26.345, outputPerSecond: 6932.1, power: 600.15, energyPerToken: 0.086576 },
  { sequences: 256, meanOutput: 654.03, running: 255.49, medianItl: 31.358, outputPerSecond: 7718.8, power: 632.81, energyPerToken: 0.081982 },
  { sequences: 384, meanOutput: 648.26, running: 382.98, medianItl: 42.677, outputPerSecond: 8257.5, power: 621.66, energyPerToken: 0.075284 },
  { sequences: 512, meanOutput: 645.09, running: 474.4, medianItl: 47.158, outputPerSecond: 8534.6, power: 615.59, energyPerToken: 0.072129 },
];

export const ML_ENERGY_CASES: readonly MeasuredCase[] = [
  ...GPQA.map((row) => caseOf(row, "gpqa", "thinking", GPQA_LENGTHS, 198, 40960)),
  ...CHAT.map((row) => caseOf(row, "lm-arena-chat", "chat", CHAT_LENGTHS, 1024, 20480)),
];

function caseOf(
  row: Row,
  task: string,
  target: "thinking" | "chat",
  lengths: Lengths,
  requests: number,
  maxModelLen: number,
): MeasuredCase {
  return {
    name: `ml-energy/qwen3-8b/${task}/${row.sequences}`,
    publication: "ml-energy",
    run: `${task}, Qwen/Qwen3-8B, H100, max_num_seqs ${row.sequences}`,
    target,
    experiment: `ml-energy qwen3-8b ${task}`,
    load: { kind: "full", prompt: 250, output: { ...lengths, mean: row.meanOutput }, requests },
    loadLevel: row.sequences,
    options: {
      model: "qwen3-8b",
      hardware: "h100-sxm",
      engine: "vllm-0.11",
      "max-num-seqs": row.sequences,
      "max-num-batched-tokens": 8192,
      "max-model-len": maxModelLen,
      "async-scheduling": true,
      penalties: "on", // each request has a repetition_penalty of 1.1
    },
    measured: {
      median_itl_ms: row.medianItl,
      output_throughput: row.outputPerSecond,
      mean_running_requests: row.running,
      mean_power_w: row.power,
      energy_per_output_token_j: row.energyPerToken,
    },
    steadyWindow: true,
  };
}
