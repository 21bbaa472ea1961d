import { TEXT_FONT } from "./theme.js";

export const PAGE_STYLE = `
:root { color-scheme: light; }
body { margin: 0 auto; padding: 24px 20px 60px; max-width: 1180px; font: 14px/1.45 ${TEXT_FONT}; color: #222; background: #fff; }
h1 { font-size: 24px; margin: 0 0 4px; overflow-wrap: anywhere; }
h2 { font-size: 18px; margin: 36px 0 4px; }
p { margin: 4px 0 10px; }
.subtitle, .caption { color: #555; }
.warnings { border: 2px solid #b00020; background: #fdecee; color: #7a0016; border-radius: 6px; padding: 10px 16px; margin: 16px 0; }
.warnings p { margin: 4px 0; }
.tables { display: flex; flex-wrap: wrap; gap: 8px 40px; align-items: flex-start; }
.tables section { max-width: 100%; overflow-x: auto; }
h3 { font-size: 15px; margin: 14px 0 4px; }
table { border-collapse: collapse; font-size: 13px; font-variant-numeric: tabular-nums; }
th { text-align: left; border-bottom: 1.5px solid #888; font-weight: 600; }
th, td { padding: 3px 12px 3px 0; vertical-align: top; }
td { border-bottom: 1px solid #eee; overflow-wrap: anywhere; }
.numbers th:not(:first-child), .numbers td:not(:first-child) { text-align: right; padding-left: 12px; white-space: nowrap; }
.numbers td:first-child { white-space: pre; min-width: 205px; }
.numbers th:not(:first-child) { min-width: 62px; white-space: normal; vertical-align: bottom; }
figure { margin: 0 0 8px; overflow-x: auto; }
details { margin: 4px 0 8px; }
summary { cursor: pointer; color: #0072B2; }
details > div { max-height: 420px; overflow: auto; }
nav a, .download { color: #0072B2; }
nav { margin: 10px 0; }
nav a { margin-right: 14px; white-space: nowrap; }
@media print { details, nav, .download { display: none; } section.chart { break-inside: avoid; } }
`;

/** Draws every chart of the page and fills the download link. Runs in the browser; no eval. */
export const PAGE_SCRIPT = `
(() => {
  const report = JSON.parse(document.getElementById("report-data").textContent);
  const link = document.getElementById("download");
  link.href = URL.createObjectURL(new Blob([JSON.stringify({ title: report.title, data: report.data, charts: report.charts.map((c) => ({ name: c.name, rows: c.rows })) })], { type: "application/json" }));
  link.hidden = false;
  for (const chart of report.charts) {
    const place = document.getElementById("chart-" + chart.name);
    const fail = (error) => { place.textContent = "This chart could not be drawn: " + error; console.error(error); };
    try {
      for (const source of chart.vega.data) if (source.name === "rows") source.values = chart.rows.map((row) => ({ ...row }));
      const view = new vega.View(vega.parse(chart.vega, undefined, { ast: true }), {
        expr: vegaInterpreter.expressionInterpreter, renderer: "svg", container: place, hover: true,
      });
      view.runAsync().then(() => { const picture = place.querySelector("svg"); if (picture) { picture.setAttribute("role", "img"); picture.setAttribute("aria-label", chart.title); } }, fail);
    } catch (error) { fail(error); }
  }
})();
`;
