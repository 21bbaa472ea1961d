import type { Scenario } from "./scenario.js";
import type { ServeResult } from "./serve.js";

/** Requests that clients gave up, and what was computed for them in vain; nothing where clients wait for ever. */
export function patienceMetrics(
  { patience }: Pick<Scenario, "patience">,
  { books, totals }: ServeResult,
): Record<string, number> {
  if (patience === undefined) return {};
  return {
    cancelled: books.tally.cancelled,
    cancelled_input_tokens: totals.reduce((sum, total) => sum + total.lostInput, 0),
    cancelled_output_tokens: totals.reduce((sum, total) => sum + total.lostOutput, 0),
  };
}

/** What a reader must know of them. */
export function patienceNotes({ patience }: Pick<Scenario, "patience">, result: ServeResult): readonly string[] {
  if (patience === undefined) return [];
  const { cancelled, requests } = result;
  const share = ((100 * cancelled) / Math.max(1, requests.length)).toFixed(1);
  return [
    `Clients give a request up ${patience.name} after sending it: ${cancelled} of ${requests.length} (${share} %). These are in ` +
      "no latency or rate but that of gaps between tokens, which the engine made until they left; their session ends with them.",
  ];
}
