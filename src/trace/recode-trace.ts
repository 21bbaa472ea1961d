import { check } from "../core/check.js";
import type { AttentionTrace } from "./attention-trace.js";

/**
 * A scores trace with another coding of its scores, with or without its page bounds. Rows that were stored as log2-u8,
 * whose sums are off by up to 5 %, are made to sum to 1 again.
 */
export function recodedTrace(
  trace: AttentionTrace,
  scoreCoding: "linear" | "log2-u8",
  pageBounds: boolean,
): AttentionTrace {
  const { metadata, channels } = trace;
  check(metadata.kind === "scores", "only scores have a coding");
  const scores = (layer: number, from: number, to: number): Float32Array => {
    const rows = trace.scores(layer, from, to);
    if (metadata.scoreCoding === "log2-u8" && scoreCoding === "linear") normalise(rows, metadata.totalTokens);
    return rows;
  };
  return {
    metadata: { ...metadata, scoreCoding },
    channels: new Set([...channels].filter((channel) => pageBounds || channel !== "page-bounds")),
    tokenIds: () => trace.tokenIds(),
    queries: (layer, from, to) => trace.queries(layer, from, to),
    keys: (layer, from, to) => trace.keys(layer, from, to),
    values: (layer, from, to) => trace.values(layer, from, to),
    scores,
    promptMass: (layer) => trace.promptMass(layer),
    pageBounds: (layer, from, to) => trace.pageBounds(layer, from, to),
    close: () => trace.close(),
  };
}

function normalise(rows: Float32Array, length: number): void {
  for (let start = 0; start < rows.length; start += length) {
    let sum = 0;
    for (let j = start; j < start + length; j++) sum += rows[j] as number;
    for (let j = start; j < start + length; j++) rows[j] = (rows[j] as number) / sum;
  }
}
