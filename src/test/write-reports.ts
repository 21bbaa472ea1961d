import { mkdirSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { PACKAGE } from "../cli/version.js";
import type { Chart } from "../report/report.js";
import { renderSvg } from "../report/svg.js";
import { regenerate, regenerateValidation, reportFolder, reportOf, REPORTS } from "./reports.js";

/** npm run reports: rewrites what is committed in reports/. A commit that changes it says why the results changed. */

for (const name of REPORTS) {
  const { result, chartData, charts } = await regenerate(name);
  write(name, result, chartData);
  if (name !== "production-h100") await draw(charts, "decode", `${reportFolder(name)}decode-time-and-memory.svg`);
}

const validation = regenerateValidation();
write("validation", validation.result, validation.chartData);
await draw(validation.charts, "predicted-measured", `${reportFolder("validation")}predicted-measured.svg`);

/** The README's first picture is of the demo that it tells the reader to run. */
const demo = await reportOf(pathOf("workloads/demo.yaml"));
await draw(demo.charts, "trinity", pathOf("reports/quality-time-memory.svg"));

function write(
  name: Parameters<typeof reportFolder>[0],
  result: object,
  chartData: Readonly<Record<string, object>>,
): void {
  const folder = reportFolder(name);
  mkdirSync(folder, { recursive: true });
  writeFileSync(`${folder}result.json`, `${JSON.stringify(result, null, 2)}\n`);
  writeFileSync(`${folder}charts.json`, `${rowsOnLines(chartData)}\n`);
}

async function draw(charts: readonly Chart[], name: string, path: string): Promise<void> {
  const chart = charts.find((each) => each.name === name);
  if (chart === undefined) throw new Error(`no chart ${name}`);
  writeFileSync(path, await renderSvg(chart));
}

function pathOf(file: string): string {
  return fileURLToPath(new URL(file, PACKAGE));
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
