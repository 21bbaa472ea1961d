import type { MeasuredCase, Publication } from "./case.js";

/** A fixed number of clients, each with a request in flight: Qwen3-32B under vLLM, Llama-3.1-8B under TensorRT-LLM. */
export const CLOSED_LOOP: Publication = {
  title: "Fixed concurrency on H100: Qwen3-32B, vLLM 0.12.0; Llama-3.1-8B, TensorRT-LLM 1.0.0rc3",
  source: "ai-dynamo/aiconfigurator 095f58a5, silicon_sample.csv (Apache-2.0)",
  notes: [
    "Ten requests a client, all first ones at once, as that repository's own runner of genai-perf sends them.",
    "The token budget of an iteration was not published. Room for one prompt and the running sequences is assumed: with vLLM's default of 8,192, whole bursts of equal requests would stay together, and first tokens would come 2.6 times as late as measured.",
    "Of vLLM 0.12 is assumed what vLLM 0.11 does.",
    "TensorRT-LLM is another engine than those that are modelled: two request sizes on one and four GPUs show the distance; they count towards no target.",
  ],
};

/** Rounds of requests of each client. */
const ROUNDS = 10;
const MOST_CLIENTS = 128;

/** Prompt and output tokens, clients, tensor parallelism, mean TTFT and TPOT in ms. */
type Row = readonly [prompt: number, output: number, clients: number, tp: number, ttft: number, tpot: number];

// prettier-ignore
const QWEN3_32B: readonly Row[] = [
  [1024, 128, 8, 2, 154.248, 18.037], [1024, 128, 8, 4, 126.1, 11.758], [1024, 128, 8, 8, 90.797, 8.663],
  [1024, 128, 16, 2, 187.938, 22.184], [1024, 128, 16, 4, 149.362, 14.347], [1024, 128, 16, 8, 110.491, 10.706],
  [1024, 128, 32, 2, 250.471, 29.375], [1024, 128, 32, 4, 182.076, 19.18], [1024, 128, 32, 8, 141.222, 14.352],
  [1024, 128, 64, 2, 387.679, 46.016], [1024, 128, 64, 4, 252.398, 29.229], [1024, 128, 64, 8, 193.514, 21.323],
  [1024, 128, 128, 2, 691.689, 80.257], [1024, 128, 128, 4, 426.053, 50.488],
  [1024, 128, 128, 8, 324.024, 36.633], [1024, 512, 8, 2, 153.579, 16.478], [1024, 512, 8, 4, 125.965, 10.729],
  [1024, 512, 8, 8, 93.096, 8.047], [1024, 512, 16, 2, 189.635, 17.881], [1024, 512, 16, 4, 164.155, 11.853],
  [1024, 512, 16, 8, 110.436, 9.11], [1024, 512, 32, 2, 242.181, 20.996], [1024, 512, 32, 4, 199.949, 14.182],
  [1024, 512, 32, 8, 141.887, 10.897], [1024, 512, 64, 2, 385.94, 28.507], [1024, 512, 64, 4, 266.92, 18.518],
  [1024, 512, 64, 8, 192.069, 14.247], [1024, 512, 128, 2, 681.8, 42.288], [1024, 512, 128, 4, 449.255, 28.544],
  [1024, 512, 128, 8, 311.929, 21.291], [1024, 1024, 8, 2, 154.344, 15.901], [1024, 1024, 8, 4, 129.806, 10.596],
  [1024, 1024, 8, 8, 91.81, 7.958], [1024, 1024, 16, 2, 187.378, 17.381], [1024, 1024, 16, 4, 156.261, 11.567],
  [1024, 1024, 16, 8, 100.767, 8.925], [1024, 1024, 32, 2, 236.769, 20.064], [1024, 1024, 32, 4, 177.877, 13.685],
  [1024, 1024, 32, 8, 124.474, 10.454], [1024, 1024, 64, 2, 380.716, 26.089],
  [1024, 1024, 64, 4, 242.997, 17.315], [1024, 1024, 64, 8, 180.305, 13.278],
  [1024, 1024, 128, 2, 652.331, 37.838], [1024, 1024, 128, 4, 413.337, 25.632],
  [1024, 1024, 128, 8, 313.62, 19.277],
];

// prettier-ignore
const LLAMA_8B: readonly Row[] = [
  [1024, 512, 8, 1, 550.008, 7.417], [4096, 256, 8, 1, 605.285, 10.249], [1024, 512, 16, 1, 308.376, 8.354],
  [4096, 256, 16, 1, 490.529, 14.594], [1024, 512, 32, 1, 225.65, 9.877], [4096, 256, 32, 1, 520.959, 23.223],
  [1024, 512, 64, 1, 229.864, 13.102], [4096, 256, 64, 1, 636.452, 41.504], [1024, 512, 128, 1, 364.321, 19.258],
  [1024, 512, 8, 4, 269.955, 3.294], [4096, 256, 8, 4, 236.731, 4.362], [1024, 512, 16, 4, 177.198, 4.039],
  [4096, 256, 16, 4, 188.064, 6.19], [1024, 512, 32, 4, 141.345, 5.131], [4096, 256, 32, 4, 189.822, 9.382],
  [1024, 512, 64, 4, 334.786, 7.103], [4096, 256, 64, 4, 229.804, 15.349], [1024, 512, 128, 4, 1981.495, 10.004],
  [4096, 256, 128, 4, 817.422, 25.651],
];

export const CLOSED_LOOP_CASES: readonly MeasuredCase[] = [
  ...QWEN3_32B.map((row) => caseOf(row, "qwen3-32b", "closed loop")),
  ...LLAMA_8B.map((row) => caseOf(row, "llama-3.1-8b", "closed loop, other engine")),
];

function caseOf(
  [prompt, output, clients, tp, ttft, tpot]: Row,
  model: "qwen3-32b" | "llama-3.1-8b",
  target: "closed loop" | "closed loop, other engine",
): MeasuredCase {
  const engine = target === "closed loop" ? "vllm-0.12" : "trtllm-1.0";
  return {
    name: `closed-loop/${engine}/${model}-tp${tp}/${prompt}+${output}/${clients}`,
    publication: "closed-loop",
    run: `${model}, ${prompt} + ${output} tokens, tp ${tp}, concurrency ${clients}`,
    target,
    experiment: `closed-loop ${model} tp${tp}`,
    load: { kind: "full", prompt, output, requests: ROUNDS * clients },
    loadLevel: clients,
    options: {
      model,
      hardware: "h100-sxm",
      engine: "vllm-0.11",
      tp,
      "max-concurrency": clients,
      "max-num-seqs": MOST_CLIENTS,
      "max-num-batched-tokens": prompt + MOST_CLIENTS,
    },
    measured: { mean_ttft_ms: ttft, mean_tpot_ms: tpot },
  };
}
