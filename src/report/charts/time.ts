import type { Outcome, SeriesPoint } from "../../serve/outcome.js";
import { thinGroups } from "../thin.js";

/** Points over time of all policies, ready to draw; `pick` chooses the columns. */
export function seriesRows<Row extends object>(
  outcomes: readonly Outcome[],
  pick: (point: SeriesPoint, outcome: Outcome) => Row,
): readonly (Row & { policy: string; time_s: number })[] {
  return thinGroups(
    outcomes.map((outcome) =>
      outcome.series.map((point) => ({ policy: outcome.label, time_s: point.time_s, ...pick(point, outcome) })),
    ),
  );
}

/** Simulated time in the unit that gives round ticks: the field, the transform that makes it, the axis. */
export function timeAxis(outcomes: readonly Outcome[]): TimeAxis {
  return timeAxisTo(Math.max(0, ...outcomes.map((outcome) => outcome.series.at(-1)?.time_s ?? 0)));
}

export interface TimeAxis {
  readonly transform: object[];
  readonly x: object;
}

/** For rows with `time_s` up to `end` seconds. */
export function timeAxisTo(end: number): TimeAxis {
  const [unit, length] =
    end > 3 * 86_400 ? ["days", 86_400] : end > 7200 ? ["hours", 3600] : end > 300 ? ["minutes", 60] : ["seconds", 1];
  return {
    transform: [{ calculate: `datum.time_s / ${length}`, as: "time" }],
    x: {
      field: "time",
      type: "quantitative",
      axis: { title: `Time (${unit})`, grid: false, tickCount: 6 },
      scale: { nice: false },
    },
  };
}
