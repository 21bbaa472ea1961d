import { check, InputError } from "../core/check.js";
import type { Rng } from "../core/rng.js";
import { describe, mixture, type Component, type Draw } from "./distribution.js";
import { siblings, type SiblingDraw } from "./siblings.js";
import type { LengthSource, RequestLengths } from "./workload.js";

const MAX_REDRAWS = 10_000;

/** Streams of one run: a change in how one quantity is drawn leaves the others as they were. */
export interface LengthStreams {
  readonly prompt: Rng;
  readonly output: Rng; // the whole output, or its reasoning where both parts are drawn
  readonly share: Rng; // the share of reasoning, or the answer where both parts are drawn
}

/** How the output and its reasoning are drawn. Lengths in tokens. */
export type OutputModel =
  | { readonly kind: "total"; readonly components: readonly Component[]; readonly share: number | readonly Component[] }
  | { readonly kind: "parts"; readonly reasoning: readonly Component[]; readonly answer: readonly Component[] };

export interface LengthModel {
  readonly prompt: { readonly components: readonly Component[]; readonly limit: number };
  readonly output: OutputModel & { readonly limit: number };
}

/** Lengths drawn from distributions, with a stream for each quantity or one for all. */
export interface DrawnLengths extends LengthSource {
  drawFrom(streams: LengthStreams): RequestLengths;
  /** Lengths of n samples of one question, see `siblings`. */
  drawSamples(streams: LengthStreams, n: number): readonly RequestLengths[];
}

/**
 * Values are rounded up and at least 1. A prompt above its limit is drawn again, as such a request is refused; an output
 * above its limit is cut to it, so `outputTokens === limit` means truncated.
 */
export function drawnLengths(model: LengthModel): DrawnLengths {
  const prompt = below(mixture(model.prompt.components), model.prompt.limit);
  const output = outputDraw(model.output);
  const samples = sampleDraw(model.output);
  const drawFrom = (streams: LengthStreams): RequestLengths => ({
    promptTokens: prompt(streams.prompt),
    ...output(streams),
  });
  return {
    name: `prompt ${describe(model.prompt.components)}, output ${outputName(model.output)}`,
    drawFrom,
    drawSamples: (streams, n) => {
      const promptTokens = prompt(streams.prompt);
      return samples(streams, n).map((lengths) => ({ promptTokens, ...lengths }));
    },
    draw: (rng) => drawFrom({ prompt: rng, output: rng, share: rng }),
  };
}

function outputName(output: OutputModel): string {
  if (output.kind === "total") return describe(output.components);
  return `reasoning ${describe(output.reasoning)} and answer ${describe(output.answer)}`;
}

type OutputLengths = Omit<RequestLengths, "promptTokens">;

function outputDraw(output: LengthModel["output"]): (streams: LengthStreams) => OutputLengths {
  if (output.kind === "parts") {
    const reasoning = mixture(output.reasoning);
    const answer = mixture(output.answer);
    return (streams) => parts(reasoning(streams.output), answer(streams.share), output.limit);
  }
  const total = mixture(output.components);
  const { share } = output;
  const shareDraw: Draw = typeof share === "number" ? () => share : mixture(share);
  return (streams) => whole(total(streams.output), shareDraw(streams.share), output.limit);
}

/** The same for n samples of one question. */
function sampleDraw(output: LengthModel["output"]): (streams: LengthStreams, n: number) => readonly OutputLengths[] {
  if (output.kind === "parts") {
    const reasoning = siblings(output.reasoning);
    const answer = siblings(output.answer);
    return (streams, n) => {
      const answers = answer(streams.share, n);
      return reasoning(streams.output, n).map((thought, i) => parts(thought, answers[i] as number, output.limit));
    };
  }
  const total = siblings(output.components);
  const { share } = output;
  const shareDraw: SiblingDraw = typeof share === "number" ? (_, n) => Array<number>(n).fill(share) : siblings(share);
  return (streams, n) => {
    const shares = shareDraw(streams.share, n);
    return total(streams.output, n).map((value, i) => whole(value, shares[i] as number, output.limit));
  };
}

function parts(reasoning: number, answer: number, limit: number): OutputLengths {
  const reasoningTokens = Math.min(limit, tokens(reasoning));
  return { outputTokens: Math.min(limit, reasoningTokens + tokens(answer)), reasoningTokens };
}

function whole(total: number, share: number, limit: number): OutputLengths {
  const outputTokens = Math.min(limit, tokens(total));
  return { outputTokens, reasoningTokens: Math.round(outputTokens * share) };
}

function tokens(value: number): number {
  return Math.max(1, Math.ceil(value));
}

function below(draw: Draw, limit: number): Draw {
  return (rng) => {
    for (let i = 0; i < MAX_REDRAWS; i++) {
      const value = tokens(draw(rng));
      if (value <= limit) return value;
    }
    throw new InputError("prompt.limit", `${limit} is below nearly everything that the prompt distribution yields`);
  };
}

/** One lognormal each for prompt and output, natural logarithms; `share` of the output is reasoning. */
export function lognormalLengths(
  prompt: { readonly mu: number; readonly sigma: number; readonly limit: number },
  output: { readonly mu: number; readonly sigma: number; readonly limit: number },
  share = 0,
): DrawnLengths {
  const one = (p: { readonly mu: number; readonly sigma: number }): Component[] => [
    { kind: "lognormal", weight: 1, mu: p.mu, sigma: p.sigma },
  ];
  return drawnLengths({
    prompt: { components: one(prompt), limit: prompt.limit },
    output: { kind: "total", components: one(output), limit: output.limit, share },
  });
}

/** The same lengths for every request. Reasoning is the first `reasoningShare` of the output. */
export function fixedLengths(promptTokens: number, outputTokens: number, reasoningShare = 0): LengthSource {
  const positive = (name: string, value: number): void => {
    if (Number.isSafeInteger(value) && value >= 1) return;
    throw new InputError(name, `${value} is not allowed; expected a whole number from 1`);
  };
  positive("input-len", promptTokens);
  positive("output-len", outputTokens);
  if (!(reasoningShare >= 0 && reasoningShare <= 1)) {
    throw new InputError("reasoning-share", `${reasoningShare} is not allowed; expected a number from 0 to 1`);
  }
  const lengths = { promptTokens, outputTokens, reasoningTokens: Math.round(outputTokens * reasoningShare) };
  return { name: `${promptTokens} in, ${outputTokens} out`, draw: () => lengths };
}

/** Columns of recorded lengths, one row a request. */
export interface LengthRows {
  readonly promptTokens: ArrayLike<number>;
  readonly outputTokens: ArrayLike<number>;
  readonly reasoningTokens: ArrayLike<number>;
}

/** Draws whole rows with replacement, so that prompt and output stay as correlated as they were. */
export function empiricalLengths(rows: LengthRows, name = "recorded lengths"): LengthSource {
  const count = rows.promptTokens.length;
  check(count > 0, "no rows to draw lengths from");
  return {
    name: `${name}, ${count} rows`,
    draw(rng) {
      const row = Math.floor(rng() * count);
      return {
        promptTokens: rows.promptTokens[row] as number,
        outputTokens: rows.outputTokens[row] as number,
        reasoningTokens: rows.reasoningTokens[row] as number,
      };
    },
  };
}
