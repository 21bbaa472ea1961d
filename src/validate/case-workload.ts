import { stream, type Rng } from "../core/rng.js";
import { poisson } from "../workload/arrivals.js";
import { Texts, type Stretch } from "../workload/text.js";
import type { RequestSpec, Workload } from "../workload/workload.js";
import type { LengthQuantiles, Load } from "./case.js";

type Stages = Load & { kind: "stages" };

/** The requests of a measured run, as far as its publication tells. */
export function caseWorkload(name: string, load: Load): Workload {
  return {
    name,
    source: "as published",
    notes: [],
    sharesPrefixes: load.kind === "stages",
    requests: (seed) => requestsOf(load, seed),
  };
}

function* requestsOf(load: Load, seed: number): Generator<RequestSpec> {
  const rng = stream(seed, "validate/arrivals");
  switch (load.kind) {
    case "open":
      yield* openLoop(load, rng);
      return;
    case "stages":
      yield* staged(load, rng, cycle(load, stream(seed, "validate/prompts")));
      return;
    case "full": {
      const { prompt, output, requests } = load;
      const lengths = typeof output === "number" ? undefined : shuffled(output, requests, seed);
      for (let id = 0; id < requests; id++) yield request(id, 0, prompt, lengths?.[id] ?? (output as number));
    }
  }
}

function* openLoop(load: Load & { kind: "open" }, rng: Rng): Generator<RequestSpec> {
  const arrivals = poisson(load.rate);
  let now = 0;
  for (let id = 0; id < load.requests; id++) {
    yield request(id, now, load.prompt, load.output);
    now += arrivals.gap(rng);
  }
}

/** Each stage has exactly rate × seconds requests: exponential gaps scaled to its length. */
function* staged(load: Stages, rng: Rng, prompts: readonly (readonly Stretch[])[]): Generator<RequestSpec> {
  let id = 0;
  let start = 0;
  for (const { rate, seconds } of load.stages) {
    const gaps = Array.from({ length: Math.round(rate * seconds) }, () => -Math.log(1 - rng()));
    const scale = seconds / gaps.reduce((sum, gap) => sum + gap, 0);
    let now = start;
    for (const gap of gaps) {
      now += gap * scale;
      const promptText = prompts[id % prompts.length] as readonly Stretch[];
      yield { ...request(id++, now, load.prompt, load.output), promptText };
    }
    start += seconds;
  }
}

/** What each prompt says, in the order in which they are sent again and again. */
function cycle({ prompt, shared, groups, distinct }: Stages, rng: Rng): readonly (readonly Stretch[])[] {
  const texts = new Texts();
  const begins = Array.from({ length: groups }, () => ({ start: texts.take(), tokens: shared }));
  const prompts = Array.from({ length: distinct }, (_, i) => ({
    at: rng(),
    text: [begins[i % groups] as Stretch, { start: texts.take(), tokens: prompt - shared }],
  }));
  return prompts.sort((a, b) => a.at - b.at).map(({ text }) => text);
}

function request(id: number, arrival: number, promptTokens: number, outputTokens: number): RequestSpec {
  return { id, arrival, promptTokens, outputTokens, reasoningTokens: 0, priority: 0, session: "" };
}

/** The (i + 1/2)/n quantiles in any order: n answers are as long as all are, and who draws them adds no noise to their sum. */
function shuffled(quantiles: LengthQuantiles, n: number, seed: number): readonly number[] {
  const rng = stream(seed, "validate/lengths");
  const answers = Array.from({ length: n }, (_, i) => ({ at: rng(), tokens: quantile(quantiles, (i + 0.5) / n) }));
  const scale = (n * quantiles.mean) / answers.reduce((sum, { tokens }) => sum + tokens, 0);
  return answers.sort((a, b) => a.at - b.at).map(({ tokens }) => Math.max(1, Math.round(scale * tokens)));
}

function quantile({ shares, tokens }: LengthQuantiles, share: number): number {
  let i = 1;
  while (i < shares.length - 1 && share > (shares[i] as number)) i++;
  const [from, to] = [shares[i - 1] as number, shares[i] as number];
  const [low, high] = [tokens[i - 1] as number, tokens[i] as number];
  return low + ((high - low) * (share - from)) / (to - from);
}
