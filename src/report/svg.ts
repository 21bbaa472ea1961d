import { compileChart, withRows } from "./compile.js";
import type { Chart } from "./report.js";

/** The chart as a picture of its own, title included. The same chart gives the same bytes. */
export async function renderSvg(chart: Chart): Promise<string> {
  const [vega, spec] = await Promise.all([import("vega"), compileChart(chart, chart.title)]);
  const view = new vega.View(vega.parse(withRows(spec, chart.rows)), { renderer: "none" });
  try {
    return await view.toSVG();
  } finally {
    view.finalize();
  }
}
