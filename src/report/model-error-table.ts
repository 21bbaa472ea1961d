import type { Summary } from "../serve/outcome.js";
import { ALL_SECTIONS } from "./figures.js";
import { integer, percent } from "./format.js";
import type { ReportTable } from "./report.js";

/** Where a measurement would lie, a row a figure and outcome; none without bands. */
export function modelErrorTables(outcomes: readonly Summary[]): readonly ReportTable[] {
  const figures = ALL_SECTIONS.flatMap((section) => section.figures);
  const rows = outcomes.flatMap(({ label, metrics, model_error_bands: bands = {} }) =>
    figures.flatMap(({ key, title, format }) => {
      const name = bands[key] === undefined ? key.replace(/^p50_/, "median_") : key;
      const band = bands[name];
      if (band === undefined) return [];
      const [from, to] = band.interval;
      return [
        [
          outcomes.length === 1 ? title : `${title}, ${label}`,
          format(metrics[name]),
          `${format(from)} to ${format(to)}`,
          percent(band.coverage),
          integer(band.cases),
        ],
      ];
    }),
  );
  const columns = ["Model error", "predicted", "a measurement within", "probability", "checked runs"];
  return rows.length === 0 ? [] : [{ title: "Model error", columns, rows }];
}

/** How to read the table. */
export function modelErrorNotes(outcomes: readonly Summary[]): readonly string[] {
  if (modelErrorTables(outcomes).length === 0) return [];
  return [
    "Model error: where a measurement would lie if this prediction errs as those of the published runs of the validation page did (raas-sim validate), by order statistics; it holds as far as this scenario is like them. Intervals after ± tell of chance in the requests alone.",
  ];
}
