import type { AttentionTrace } from "../trace/attention-trace.js";

/**
 * Attention straight from its definition, in f64 and with nothing shared with the code under test. Scores of one query
 * position on all positions up to it, of one query head.
 */
export function naiveLogits(trace: AttentionTrace, layer: number, queryHead: number, position: number): number[] {
  const { queryHeads, kvHeads, headDim, softmaxScale = 1 } = trace.metadata;
  const kvHead = Math.floor((queryHead * kvHeads) / queryHeads);
  const query = trace.queries(layer, position, position + 1).subarray(queryHead * headDim, (queryHead + 1) * headDim);
  const keys = trace.keys(layer, 0, position + 1);
  return Array.from({ length: position + 1 }, (_, j) => {
    let dot = 0;
    for (let c = 0; c < headDim; c++) dot += query[c]! * keys[(j * kvHeads + kvHead) * headDim + c]!;
    return Math.fround(softmaxScale * dot);
  });
}

/** Softmax over exactly the given positions; 0 elsewhere. */
export function naiveSoftmax(logits: readonly number[], positions: Iterable<number>): number[] {
  const over = [...positions];
  const largest = Math.max(...over.map((j) => logits[j]!));
  const out = logits.map(() => 0);
  for (const j of over) out[j] = Math.exp(logits[j]! - largest);
  const sum = out.reduce((total, weight) => total + weight, 0);
  return out.map((weight) => weight / sum);
}

/** Query heads of a KV head. */
export function groupOf(trace: AttentionTrace, kvHead: number): number[] {
  const size = trace.metadata.queryHeads / trace.metadata.kvHeads;
  return Array.from({ length: size }, (_, i) => kvHead * size + i);
}

/** Mean over query heads of their softmax over the given positions. */
export function naiveAttention(
  trace: AttentionTrace,
  layer: number,
  queryHeads: readonly number[],
  position: number,
  positions: Iterable<number>,
): number[] {
  const over = [...positions];
  const rows = queryHeads.map((head) => naiveSoftmax(naiveLogits(trace, layer, head, position), over));
  return rows[0]!.map((_, j) => rows.reduce((sum, row) => sum + row[j]!, 0) / rows.length);
}
