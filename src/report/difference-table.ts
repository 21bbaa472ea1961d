import type { Difference, Summary } from "../serve/outcome.js";
import type { ReportTable } from "./report.js";

const FIGURES: readonly (readonly [key: string, title: string])[] = [
  ["mean_ttft_ms", "First token (TTFT), mean"],
  ["p99_ttft_ms", "First token (TTFT), p99"],
  ["mean_tpot_ms", "Per output token (TPOT), mean"],
  ["p99_tpot_ms", "Per output token (TPOT), p99"],
  ["mean_e2el_ms", "End to end (E2E), mean"],
  ["p99_e2el_ms", "End to end (E2E), p99"],
  ["output_throughput", "Output tokens"],
  ["mean_running_requests", "Running, mean"],
  ["peak_kv_share", "KV pool used, peak"],
  ["energy_per_output_token_j", "Energy per output token"],
  ["cost_per_million_output_tokens_usd", "Cost per million output tokens"],
];

/** What each policy changes against the first, in percent of it; none without replications. */
export function differenceTables(outcomes: readonly Summary[]): readonly ReportTable[] {
  const compared = outcomes.flatMap(({ label, difference }) =>
    difference === undefined ? [] : [{ label, difference }],
  );
  const [first] = compared;
  if (first === undefined) return [];
  const title = `Difference to ${first.difference.baseline}`;
  return [
    {
      title,
      columns: [title, ...compared.map(({ label }) => label)],
      rows: FIGURES.map(([key, name]) => [name, ...compared.map(({ difference }) => written(difference, key))]),
    },
  ];
}

function written({ changes }: Difference, key: string): string {
  const found = changes[key];
  if (found === undefined || found.relative_change === null || found.relative_interval === null) return "-";
  const [from, to] = found.relative_interval;
  if (from === 0 && to === 0) return "0 %";
  const sign = found.relative_change > 0 ? "+" : "";
  const doubt = found.significant ? "" : ", n.s.";
  return `${sign}${decimals(found.relative_change)} % ± ${decimals((to - from) / 2)}${doubt}`;
}

function decimals(share: number): string {
  return (share * 100).toFixed(Math.abs(share) < 0.1 ? 2 : 1);
}

/** How to read the table. */
export function differenceNotes(outcomes: readonly Summary[]): readonly string[] {
  const compared = outcomes.find(({ difference }) => difference !== undefined);
  if (compared === undefined) return [];
  const { level = NaN, replications = 0 } = compared.confidence ?? {};
  return [
    `Differences in percent: means over ${replications} pairs of runs over the same requests, ± half the width of the paired ${Number((level * 100).toPrecision(6))} % interval; n.s.: not significant, no difference is within it. Each interval holds by itself, not all of them together.`,
  ];
}
