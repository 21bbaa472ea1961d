import { stream, type Rng } from "../core/rng.js";
import { poisson } from "../workload/arrivals.js";
import type { RequestSpec, Workload } from "../workload/workload.js";
import type { LengthQuantiles, Load } from "./case.js";

/** The requests of a measured run, as far as its publication tells. */
export function caseWorkload(name: string, load: Load): Workload {
  return { name, source: "as published", notes: [], requests: (seed) => requestsOf(load, seed) };
}

function* requestsOf(load: Load, seed: number): Generator<RequestSpec> {
  const rng = stream(seed, "validate/arrivals");
  switch (load.kind) {
    case "open":
      yield* openLoop(load, rng);
      return;
    case "stages":
      yield* staged(load, rng);
      return;
    case "full": {
      const lengths = stream(seed, "validate/lengths");
      for (let id = 0; id < load.requests; id++) {
        const output = typeof load.output === "number" ? load.output : drawn(load.output, lengths);
        yield request(id, 0, load.prompt, output);
      }
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
function* staged(load: Load & { kind: "stages" }, rng: Rng): Generator<RequestSpec> {
  let id = 0;
  let start = 0;
  for (const { rate, seconds } of load.stages) {
    const gaps = Array.from({ length: Math.round(rate * seconds) }, () => -Math.log(1 - rng()));
    const scale = seconds / gaps.reduce((sum, gap) => sum + gap, 0);
    let now = start;
    for (const gap of gaps) {
      now += gap * scale;
      yield request(id++, now, load.prompt, load.output);
    }
    start += seconds;
  }
}

function request(id: number, arrival: number, promptTokens: number, outputTokens: number): RequestSpec {
  return { id, arrival, promptTokens, outputTokens, reasoningTokens: 0, priority: 0, session: "" };
}

function drawn({ shares, tokens }: LengthQuantiles, rng: Rng): number {
  const share = rng();
  let i = 1;
  while (i < shares.length - 1 && share > (shares[i] as number)) i++;
  const [from, to] = [shares[i - 1] as number, shares[i] as number];
  const [low, high] = [tokens[i - 1] as number, tokens[i] as number];
  return Math.max(1, Math.round(low + ((high - low) * (share - from)) / (to - from)));
}
