import type { Outcome } from "../../serve/outcome.js";
import type { Chart } from "../report.js";
import { chartSpec, HALF, policyColor } from "../theme.js";
import { thinGroups } from "../thin.js";
import { timeAxis } from "./time.js";

/** The queue and what memory pressure does: preemptions since the start. */
export function queueChart(outcomes: readonly Outcome[]): Chart {
  // Summed before thinning: a count of a bin that is left out would be lost.
  const rows = thinGroups(
    outcomes.map((outcome) => {
      let preemptions_so_far = 0;
      return outcome.series.map(({ time_s, waiting, preemptions }) => {
        preemptions_so_far += preemptions;
        return { policy: outcome.label, time_s, waiting, preemptions_so_far };
      });
    }),
  );
  const { transform, x } = timeAxis(outcomes);
  const none = rows.every((row) => row.preemptions_so_far === 0);
  const panel = (title: string, field: string, axis: object, scale: object): object => ({
    ...HALF,
    title,
    mark: { type: "line", strokeWidth: 1.5, tooltip: true },
    encoding: {
      x,
      y: { field, type: "quantitative", axis: { format: "~s", tickCount: 5, tickMinStep: 1, ...axis }, scale },
      color: policyColor(outcomes),
    },
  });
  const idle = rows.every((row) => row.waiting < 1);
  return {
    name: "queue",
    title: "Queue and preemptions",
    caption: "Left: requests waiting for admission, mean of each time bin. Right: preemptions since the start.",
    spec: chartSpec({
      transform,
      columns: 2,
      concat: [
        panel("Queue length", "waiting", { title: "Waiting requests" }, idle ? { domain: [0, 1] } : {}),
        panel(
          none ? "Preemptions: none" : "Preemptions so far",
          "preemptions_so_far",
          { title: "Preemptions" },
          none ? { domain: [0, 1] } : {},
        ),
      ],
    }),
    rows,
  };
}
