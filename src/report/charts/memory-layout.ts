import type { Outcome } from "../../serve/outcome.js";
import { gib } from "../format.js";
import { MEMORY_PARTS } from "../memory-tables.js";
import type { Chart } from "../report.js";
import { chartSpec, policyAxis } from "../theme.js";

/** What one GPU's memory is spent on. */
export function memoryLayoutChart(outcomes: readonly Pick<Outcome, "label" | "memory">[]): Chart {
  const rows = outcomes.flatMap((outcome) =>
    MEMORY_PARTS.map(({ part, of }, rank) => ({
      policy: outcome.label,
      part,
      rank,
      bytes: outcome.memory[of],
      text: gib(outcome.memory[of]),
    })).filter(({ bytes }) => bytes >= 0),
  );
  const gpu = Math.max(1, ...outcomes.map((outcome) => outcome.memory.gpu_memory_bytes));
  const bars = outcomes.map(({ label }) =>
    rows.filter(({ policy }) => policy === label).reduce((sum, { bytes }) => sum + bytes, 0),
  );
  const over = bars.some((bar) => bar > gpu + 1); // rounding aside
  const largest = Math.max(gpu, ...(over ? bars : [])) / 2 ** 30;
  const x = {
    field: "gib",
    type: "quantitative",
    stack: "zero",
    axis: { title: "Memory of one GPU (GiB)", tickCount: 8 },
    scale: { domain: [0, largest], nice: false },
  };
  const y = policyAxis(outcomes);
  const order = { field: "rank", type: "quantitative" };
  return {
    name: "memory-layout",
    title: "Memory of one GPU",
    caption: over
      ? "The bar is longer than the GPU's memory: the model does not fit."
      : "The bar is as long as the GPU's memory. The KV pool is what is left for the cache of all requests.",
    spec: chartSpec({
      width: 900,
      height: { step: 34 },
      transform: [
        { calculate: "datum.bytes / 1073741824", as: "gib" },
        // Only what is wide enough holds its number.
        { calculate: `datum.gib > ${0.08 * largest} ? datum.text : ''`, as: "shown" },
      ],
      layer: [
        {
          mark: { type: "bar", tooltip: true },
          encoding: {
            x,
            y,
            order,
            color: {
              field: "part",
              type: "nominal",
              scale: { domain: MEMORY_PARTS.map(({ part }) => part), range: MEMORY_PARTS.map(({ color }) => color) },
            },
          },
        },
        {
          mark: { type: "text", color: "white", fontSize: 11, fontWeight: "bold" },
          encoding: {
            x: { ...x, bandPosition: 0.5 },
            y,
            order,
            detail: { field: "part", type: "nominal" },
            text: { field: "shown", type: "nominal" },
          },
        },
      ],
    }),
    rows,
  };
}
