import * as z from "zod";
import { HISTORIES } from "../workload/sessions.js";
import { ENGINES, NEWEST_ENGINE } from "./engine-presets.js";
import { SESSION_TIMINGS } from "../workload/session-chain.js";
import { ROUTERS } from "./router.js";

/**
 * The options of a scenario: the keys of a scenario file and the flags of the command line, with their only defaults and
 * limits; what the engine decides if it is not given, engine-defaults.ts fills in. What names something is looked up later;
 * everything here is plain data.
 */
const positive = z.number().positive();
const count = (max: number): z.ZodNumber => z.number().int().min(1).max(max);
const hostSeconds = z.number().min(0).max(60);
const rate = z.union([positive.max(1e6), z.literal("inf")]);

export const SCENARIO_OPTIONS = z.strictObject({
  model: z.string().min(1).describe("built-in model, or path of a Hugging Face config.json"),
  hardware: z.string().min(1).describe("built-in hardware profile, or path of a profile"),
  engine: z
    .enum(ENGINES)
    .default(NEWEST_ENGINE)
    .describe("whose defaults and host work are simulated; an option that is given wins"),
  tp: count(1024).default(1).describe("GPUs that share one replica (tensor parallelism)"),
  replicas: count(100_000).default(1).describe("independent replicas behind the router"),
  router: z.enum(ROUTERS).default("round-robin").describe("how requests are spread over replicas"),
  policy: z
    .union([z.string().min(1), z.array(z.string().min(1)).min(1)])
    .default("dense")
    .describe("KV-cache policy, e.g. raas:budget=1024,page=16; compare takes several"),
  trace: z
    .string()
    .min(1)
    .optional()
    .describe("recorded attention to replay the policies on (a built-in name or a path): adds what each loses"),
  workload: z
    .string()
    .min(1)
    .optional()
    .describe("built-in workload, or path of a definition, request log or folder of ServeGen clients"),
  columns: z
    .string()
    .min(1)
    .optional()
    .describe("what the columns of a request log mean: arrival=ts:ms,prompt=in,output=out"),
  "input-len": count(10_000_000).optional().describe("prompt tokens of every request, instead of a workload"),
  "output-len": count(10_000_000).optional().describe("output tokens of every request, instead of a workload"),
  "reasoning-share": z.number().min(0).max(1).default(0).describe("share of --output-len that is reasoning"),
  "request-rate": rate.optional().describe("requests per second over all replicas; inf: all at once"),
  burstiness: positive.max(1000).optional().describe("gamma shape of the gaps; 1 is Poisson, less is burstier"),
  "num-requests": count(100_000_000).optional().describe("requests to simulate"),
  duration: positive.max(1e8).optional().describe("seconds in which requests arrive"),
  warmup: z
    .union([positive.max(1e8), z.literal("mser-5")])
    .optional()
    .describe(
      "seconds from the start; what is sent in them is served and left out of latencies and rates; mser-5: as long as that rule says",
    ),
  "rate-curve": z
    .string()
    .min(1)
    .optional()
    .describe(
      "how the rate changes over the day: workload (its own curve), a published one (servegen-m-large, ragpulse), or HOUR:FACTOR with commas between; --request-rate is the mean of the day",
    ),
  "start-hour": z
    .number()
    .min(0)
    .lt(24)
    .optional()
    .describe("hour of the day at which a run with a rate curve begins; 0 unless given"),
  from: z
    .number()
    .min(0)
    .max(1e9)
    .optional()
    .describe("second of a request log, or of client models, from which requests are sent"),
  to: positive.max(1e9).optional().describe("second before which requests are sent"),
  "rate-scale": positive
    .max(10_000)
    .optional()
    .describe("times the rate of client models or a log, of which it keeps or repeats whole sessions"),
  "time-scale": z
    .number()
    .min(0)
    .max(1e6)
    .optional()
    .describe("factor for the times of a request log: 0.5 plays it twice as fast"),
  "session-timing": z
    .enum(SESSION_TIMINGS)
    .optional()
    .describe(
      "sessions of a log: at their recorded times (the default), or closed: each request after the answer before it",
    ),
  users: count(1_000_000).optional().describe("closed loop: users who each wait for their answer, instead of a rate"),
  "think-time": z
    .union([z.number().min(0).max(1e6), z.string().min(1)])
    .optional()
    .describe("seconds from an answer to the user's next question: a number, or e.g. exponential:30, lognormal:3,1.2"),
  turns: z
    .union([count(1_000_000), z.string().min(1)])
    .optional()
    .describe("questions of a session, each after the last answer: a number, or geometric:MEAN; 1 unless given"),
  "tool-calls": z
    .union([count(1_000_000), z.string().min(1)])
    .optional()
    .describe("tool calls before a question is answered, each one more request: a number, or geometric:MEAN"),
  "tool-time": z
    .union([z.number().min(0).max(1e6), z.string().min(1)])
    .optional()
    .describe("seconds that a tool call takes, written like --think-time"),
  history: z
    .enum(HISTORIES)
    .optional()
    .describe("what a session's next prompt carries: answers (earlier reasoning dropped, the default), or all"),
  "best-of": count(10_000)
    .optional()
    .describe("samples of each question, sent together; --num-requests and --request-rate count questions"),
  "prefix-len": count(10_000_000)
    .optional()
    .describe("tokens that all prompts of a tenant begin with (a system prompt), before those of --input-len or drawn"),
  "thinking-budget": z
    .union([count(10_000_000), z.string().min(1)])
    .optional()
    .describe("most reasoning tokens of a request, the rest is cut off; for tenants of a workload 4096,batch=1024"),
  "length-inflation": z
    .string()
    .min(1)
    .default("off")
    .describe("model of how policies lengthen outputs: off, published (fitted to tables), or the path of a JSON table"),
  "max-concurrency": count(10_000_000).optional().describe("requests the clients keep in flight at most"),
  "client-timeout": z
    .union([z.number().min(0).max(1e6), z.string().min(1)])
    .optional()
    .describe(
      "seconds after sending at which a client gives up a request whose last token has not come, like --think-time",
    ),
  "max-num-seqs": count(65_536).optional().describe("sequences in one iteration at most"),
  "max-num-batched-tokens": count(1_048_576).optional().describe("token budget of one iteration"),
  "max-model-len": count(100_000_000)
    .optional()
    .describe("longest context; default: the model's, or what the pool holds"),
  "gpu-memory-utilization": z.number().gt(0).max(1).optional().describe("share of GPU memory the engine may use"),
  "num-gpu-blocks-override": count(1_000_000_000)
    .optional()
    .describe("KV blocks of a replica, instead of computing them"),
  "block-size": z.literal([8, 16, 32, 64, 128]).default(16).describe("tokens of a KV block"),
  "kv-cache-dtype": z.enum(["auto", "bf16", "fp8"]).default("auto").describe("format of the KV cache; auto is bf16"),
  quantization: z
    .enum(["auto", "none", "fp8", "int4"])
    .default("auto")
    .describe("format of the weights; auto: as the checkpoint has them"),
  "enable-prefix-caching": z
    .boolean()
    .optional()
    .describe(
      "reuse the KV blocks of prompts that begin alike, and after a preemption, as long as they are there; not simulated for models with sliding windows and policies that forget tokens",
    ),
  scheduler: z
    .enum(["chunked", "prefill-first"])
    .default("chunked")
    .describe("how prefill and decode share iterations"),
  "scheduling-policy": z.enum(["fcfs", "priority"]).default("fcfs").describe("order of the queue, and whom to preempt"),
  "async-scheduling": z.boolean().optional().describe("host work of a step overlaps with the GPU"),
  "host-step-time": hostSeconds.optional().describe("seconds of CPU work a step, instead of the engine's"),
  "host-sequence-time": hostSeconds
    .optional()
    .describe("seconds of CPU work for each sequence that gets a token, instead of the engine's"),
  "front-end-time": hostSeconds
    .optional()
    .describe("seconds from sending a request to its place in the queue, instead of the engine's"),
  sampling: z
    .enum(["auto", "plain", "top-p"])
    .default("auto")
    .describe("whether requests cut the logits to top-k or top-p; auto: as the model's generation_config.json"),
  penalties: z
    .enum(["auto", "off", "on"])
    .default("auto")
    .describe(
      "whether requests penalise repetition, frequency or presence; auto: as the model's generation_config.json",
    ),
  "cuda-graphs": z.boolean().optional().describe("pad small batches to captured sizes"),
  goodput: z
    .string()
    .optional()
    .describe("latency goals in ms, e.g. 'ttft:2000 tpot:50': adds request_goodput; also itl (mean), e2el"),
  "price-per-hour": z
    .number()
    .min(0)
    .max(1e6)
    .optional()
    .describe("US dollars per GPU and hour, instead of the list price"),
  seed: z.number().int().min(0).max(Number.MAX_SAFE_INTEGER).default(0).describe("seed of every random stream"),
  replications: z
    .number()
    .int()
    .min(2)
    .max(10_000)
    .optional()
    .describe("simulate so many times, each with requests drawn anew: figures are means, with confidence intervals"),
  confidence: z
    .number()
    .gt(0)
    .max(0.9999)
    .optional()
    .describe("confidence level of intervals, e.g. 0.95; without replications of the latencies, by batch means"),
  "step-by-step": z.boolean().default(false).describe("simulate every iteration by itself; same result, slower"),
});

/** A scenario with every default filled in but those of its engine. */
export type ScenarioOptions = z.output<typeof SCENARIO_OPTIONS>;
