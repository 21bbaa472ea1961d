import type { Outcome } from "../../serve/outcome.js";
import type { Chart } from "../report.js";
import { chartSpec, HALF, policyColor } from "../theme.js";
import { seriesRows, timeAxis } from "./time.js";

/** How full the KV pool is over time. */
export function kvMemoryChart(outcomes: readonly Outcome[]): Chart {
  const rows = seriesRows(outcomes, ({ kv_used_share }, { memory }) => ({
    kv_used_share,
    kv_used_gib_per_gpu: (kv_used_share * memory.kv_cache_bytes) / 2 ** 30,
  }));
  const { transform, x } = timeAxis(outcomes);
  const fullest = Math.max(0, ...rows.map((row) => row.kv_used_share));
  const panel = (title: string, y: object): object => ({
    ...HALF,
    title,
    mark: { type: "line", strokeWidth: 1.5, tooltip: true },
    encoding: { x, y, color: policyColor(outcomes) },
  });
  const share = {
    field: "kv_used_share",
    type: "quantitative",
    axis: { title: "Share of the KV pool", format: fullest > 0.04 ? ".0%" : ".2~%", tickCount: 6 },
    // The whole pool as the frame once the use is visible in it: what is missing to the top is headroom.
    scale: fullest > 0.1 ? { domain: [0, 1] } : { zero: true },
  };
  const bytes = {
    field: "kv_used_gib_per_gpu",
    type: "quantitative",
    axis: { title: "KV cache (GiB per GPU)", tickCount: 6 },
  };
  return {
    name: "kv-memory",
    title: "KV-cache memory over time",
    caption: "Mean of each time bin over all replicas. At 100% the engine must preempt or let requests wait.",
    spec: chartSpec({ transform, columns: 2, concat: [panel("Share of the pool", share), panel("Per GPU", bytes)] }),
    rows,
  };
}
