import type { MeasuredCase, Publication } from "./case.js";

/** What a cache policy is worth where memory bounds the batch: R1-Distill-Llama-8B under Hugging Face transformers. */
export const R_KV: Publication = {
  title: "R1-Distill-Llama-8B, A100 80 GB, Hugging Face transformers: full KV cache and R-KV",
  source:
    "R-KV, arXiv 2505.24133, table of throughput; as its scripts run it (Zefan-Cai/R-KV e9f54c45, HuggingFace/run_math.py)",
  notes: [
    "An eager engine: each step launches every kernel and copies the whole cache to append to it. Its rates tell nothing of vLLM; ratios of them do.",
    "Lengths count the prompt, as --max_length of the scripts does: of 8,192 tokens 8,094 were generated (README of the repository).",
    "Tokens are taken greedily, as without --do_sample; attention is FlashAttention-2, the scripts' default.",
    "The batch is the largest that fitted; what would fit by prediction is full_sequences.",
    "The engine's launch time was set from R-KV's rates at batch 1: those are no predictions.",
    "30 sequences have 240 thread blocks of attention for the 216 places of an A100: a second wave, nearly empty, is part of why that run was slow. With it the prediction is still 10 % too fast, and nothing known of the engine explains that: 62 sequences of half the length moved more bytes in less time.",
    "402 sequences under R-KV copied and read their cache at more than 90 % of the peak bandwidth, if matrix products took what they take in kernel tables. No copy was measured that fast; that run is predicted 12 % too slow.",
    "The code of that time compared the keys of the first sequence only (key_states[0] in cal_similarity); simulated is the comparison for each.",
  ],
};

interface Row {
  readonly method: "full-kv" | "budget-1024";
  readonly tokens: number; // of a sequence, prompt included
  readonly rateAlone: number; // tokens per second at batch 1
  readonly batch: number; // the largest
  readonly rate: number; // tokens per second at it
}

const ROWS: readonly Row[] = [
  { method: "full-kv", tokens: 8192, rateAlone: 75.44, batch: 62, rate: 849.13 },
  { method: "full-kv", tokens: 16384, rateAlone: 69.41, batch: 30, rate: 347.03 },
  { method: "budget-1024", tokens: 8192, rateAlone: 80.46, batch: 402, rate: 3251.52 },
  { method: "budget-1024", tokens: 16384, rateAlone: 80.95, batch: 402, rate: 3188.82 },
];
const PROMPT_TOKENS = 98;

export const R_KV_CASES: readonly MeasuredCase[] = ROWS.flatMap((row) => [alone(row), full(row)]);

function alone(row: Row): MeasuredCase {
  return caseOf(row, 1, { output_throughput: row.rateAlone });
}

function full(row: Row): MeasuredCase {
  const { method, tokens, batch, rate, rateAlone } = row;
  const measured = { full_sequences: batch, output_throughput: rate, throughput_over_batch_1: rate / rateAlone };
  const batch1 = { throughput_over_batch_1: nameOf(row, 1) };
  const fullKv = ROWS.find((other) => other.method === "full-kv" && other.tokens === tokens);
  if (method === "full-kv" || fullKv === undefined) return { ...caseOf(row, batch, measured), throughputOver: batch1 };
  return {
    ...caseOf(row, batch, { ...measured, throughput_over_full_kv: rate / fullKv.rate }),
    throughputOver: { ...batch1, throughput_over_full_kv: nameOf(fullKv, fullKv.batch) },
  };
}

function caseOf(row: Row, batch: number, measured: MeasuredCase["measured"]): MeasuredCase {
  const { method, tokens } = row;
  return {
    name: nameOf(row, batch),
    publication: "r-kv",
    run: `${method}, ${tokens} tokens, batch ${batch}`,
    target: "eager, full memory",
    experiment: `r-kv ${method}`,
    load: { kind: "full", prompt: PROMPT_TOKENS, output: tokens - PROMPT_TOKENS, requests: batch },
    loadLevel: batch,
    options: {
      model: "r1-distill-llama-8b",
      hardware: "a100-sxm-80gb",
      engine: "hf-eager",
      sampling: "plain",
      policy: method === "full-kv" ? "dense" : "r-kv:budget=1024",
    },
    measured,
  };
}

function nameOf({ method, tokens }: Row, batch: number): string {
  return `r-kv/${method}/${tokens}/${batch}`;
}
