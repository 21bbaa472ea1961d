import { compileChart, withRows } from "./compile.js";
import type { Chart } from "./report.js";

/** The chart as a picture of its own, title included. The same chart gives the same bytes. */
export async function renderSvg(chart: Chart): Promise<string> {
  const [vega, spec] = await Promise.all([import("vega"), compileChart(chart, chart.title)]);
  const view = new vega.View(vega.parse(withRows(spec, chart.rows)), { renderer: "none" });
  try {
    return renumbered(await view.toSVG());
  } finally {
    view.finalize();
  }
}

/** vega numbers gradients and clips through the whole process; each picture is to count its own from 0. */
function renumbered(svg: string): string {
  const ids = new Map<string, string>();
  return svg.replaceAll(/(id="|url\(#)(gradient_|clip)\d+/g, (found, before: string, kind: string) => {
    const old = found.slice(before.length);
    const id = ids.get(old) ?? `${kind}${ids.size}`;
    ids.set(old, id);
    return before + id;
  });
}
