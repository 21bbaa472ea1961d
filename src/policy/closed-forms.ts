import { constant, ZERO, type Line } from "../core/line.js";
import type { LayerFootprint, Lengths } from "./policy.js";

/** Everything held is read, and a token more each step. */
export function growing(tokens: number, steadyFor: number): LayerFootprint {
  const line: Line = { now: tokens, perStep: 1 };
  return { resident: line, read: line, scored: ZERO, steadyFor };
}

/** Everything held is read, as much in each step. */
export function level(tokens: number, steadyFor: number): LayerFootprint {
  const line = constant(tokens);
  return { resident: line, read: line, scored: ZERO, steadyFor };
}

/**
 * Eviction token by token: each step reads what is held and the new token, then evicts down to the budget. Prefill is
 * dense, so the first step of a prompt over budget reads all of it.
 */
export function evictByToken(budget: number, { prompt, generated }: Lengths): LayerFootprint {
  const tokens = prompt + generated;
  if (tokens <= budget) return growing(tokens, budget + 2 - tokens);
  if (generated === 1 && tokens > budget + 1) return level(tokens, 1);
  return level(budget + 1, Infinity);
}

/**
 * Compression in bursts: in the step of position t (that of its newest token, from 0) with t a multiple of the interval,
 * the cache is cut to the budget after attention, if that much is held. The first such t is `first`; from there on what
 * is held is the budget and the tokens since the last compression.
 */
export function compressInBursts(budget: number, interval: number, { prompt, generated }: Lengths): LayerFootprint {
  const position = prompt + generated - 1;
  const first = roundUp(Math.max(prompt, budget - 1), interval);
  if (position <= first) return growing(position + 1, first - position + 1);
  const next = roundUp(position, interval);
  return growing(budget + position - (next - interval), next - position + 1);
}

/**
 * Cuts to `kept` tokens whenever more than the budget is held after a step, then fills up again. Prefill is dense, so
 * the first step of a prompt over budget reads all of it.
 */
export function refillAfterCut(budget: number, kept: number, { prompt, generated }: Lengths): LayerFootprint {
  if (kept === budget) return evictByToken(budget, { prompt, generated });
  const tokens = prompt + generated;
  const first = Math.max(budget + 1, prompt + 1); // tokens of the first step that is over budget
  if (tokens <= first) return growing(tokens, first - tokens + 1);
  const cycle = budget + 1 - kept;
  const since = (tokens - first - 1) % cycle; // steps since the last cut, from 0
  return growing(kept + 1 + since, cycle - since);
}

export function roundUp(value: number, multiple: number): number {
  return Math.ceil(value / multiple) * multiple;
}
