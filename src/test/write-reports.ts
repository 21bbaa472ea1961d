import { writeFileSync } from "node:fs";
import { renderSvg } from "../report/svg.js";
import { regenerate, reportFolder, REPORTS } from "./reports.js";

/** npm run reports: rewrites what is committed in reports/. A commit that changes it says why the results changed. */
const FIGURE = { report: "reasoning-policies", chart: "decode", file: "decode-time-and-memory.svg" };

for (const name of REPORTS) {
  const { result, chartData, charts } = await regenerate(name);
  const folder = reportFolder(name);
  writeFileSync(`${folder}result.json`, `${JSON.stringify(result, null, 2)}\n`);
  writeFileSync(`${folder}charts.json`, `${rowsOnLines(chartData)}\n`);
  const figure = charts.find((chart) => name === FIGURE.report && chart.name === FIGURE.chart);
  if (figure !== undefined) writeFileSync(folder + FIGURE.file, await renderSvg(figure));
}

/** JSON with a line for each row and spec, so that a difference can be read. */
function rowsOnLines(chartData: Readonly<Record<string, object>>): string {
  const charts = Object.entries(chartData).map(([name, chart]) => {
    const fields = Object.entries(chart).map(([key, value]: [string, unknown]) => {
      const text = Array.isArray(value)
        ? `[\n${value.map((row) => JSON.stringify(row)).join(",\n")}\n]`
        : JSON.stringify(value);
      return `${JSON.stringify(key)}: ${text}`;
    });
    return `${JSON.stringify(name)}: {\n${fields.join(",\n")}\n}`;
  });
  return `{\n${charts.join(",\n")}\n}`;
}
