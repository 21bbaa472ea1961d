import type { TraceMetadata } from "./attention-trace.js";

const SUM_TOLERANCE = { linear: 1e-2, "log2-u8": 5e-2 } as const;

/** Says what is wrong with rows `from` and following of a tensor: NaN or infinity. Undefined if nothing is. */
export function notFinite(values: Float32Array, tensor: string, width: number, from: number): string | undefined {
  for (let i = 0; i < values.length; i++) {
    if (Number.isFinite(values[i])) continue;
    return `tensor ${tensor} has ${values[i]} in row ${from + Math.floor(i / width)}, element ${i % width}`;
  }
  return undefined;
}

/**
 * Says what is wrong with the scores [steps, kvHeads, totalTokens] of decode steps `from` and following: one below 0, one
 * at a position that comes later, a row that does not sum to 1. Undefined if nothing is.
 */
export function notScores(
  scores: Float32Array,
  tensor: string,
  { totalTokens, kvHeads, promptTokens, scoreCoding = "linear" }: TraceMetadata,
  from: number,
): string | undefined {
  const tolerance = SUM_TOLERANCE[scoreCoding];
  for (let row = 0; row * totalTokens < scores.length; row++) {
    const step = from + Math.floor(row / kvHeads);
    const where = `tensor ${tensor} at step ${step}, KV head ${row % kvHeads}`;
    let sum = 0;
    for (let j = 0; j < totalTokens; j++) {
      const score = scores[row * totalTokens + j] as number;
      if (score < 0) return `${where} has a score of ${score} at position ${j}`;
      if (j > promptTokens + step && score !== 0) return `${where} has a score at position ${j}, which comes later`;
      sum += score;
    }
    if (Math.abs(sum - 1) > tolerance) {
      return `${where} sums to ${sum.toPrecision(6)}; allowed is 1 within ${tolerance}`;
    }
  }
  return undefined;
}
