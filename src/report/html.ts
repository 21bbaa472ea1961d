import { createHash } from "node:crypto";
import { check } from "../core/check.js";
import { compileChart } from "./compile.js";
import { PAGE_SCRIPT, PAGE_STYLE } from "./page-style.js";
import type { Chart, Report, ReportTable } from "./report.js";
import type { Runtime } from "./runtime.js";

const SHOWN_ROWS = 200;

/** One page that needs nothing else: opened from a disk without a network it draws all charts. */
export async function renderHtml(report: Report, runtime: Runtime): Promise<string> {
  const charts = await Promise.all(
    report.charts.map(async ({ name, title, rows, ...chart }) => ({
      name,
      title,
      rows,
      vega: await compileChart({ name, title, rows, ...chart }),
    })),
  );
  const scripts = [runtime.vega, interpreterScript(runtime.interpreter), PAGE_SCRIPT].map(forScript);
  const data = JSON.stringify({ title: report.title, data: report.data, charts }).replaceAll("<", "\\u003c");
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${policy(scripts)}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${escape(report.title)}</title>
<style>${PAGE_STYLE}</style>
</head>
<body>
${body(report)}
<script type="application/json" id="report-data">${data}</script>
${scripts.map((script) => `<script>${script}</script>`).join("\n")}
</body>
</html>
`;
}

/** Nothing may be fetched, and only the scripts whose hashes stand here may run. */
function policy(scripts: readonly string[]): string {
  const hashes = scripts.map((script) => `'sha256-${createHash("sha256").update(script).digest("base64")}'`);
  return [
    "default-src 'none'",
    `script-src ${hashes.join(" ")}`,
    "style-src 'unsafe-inline'",
    "img-src data:",
    "base-uri 'none'",
    "form-action 'none'",
  ].join("; ");
}

/** The ES module as a plain script: vega's own utilities are in its global. */
function interpreterScript(source: string): string {
  const script = source
    .replace(/^import\s*(\{[^}]*\})\s*from\s*['"]vega-util['"];?$/m, "const $1 = vega;")
    .replace(/^export\s*\{\s*(\w+) as expressionInterpreter\s*\};?$/m, "return { expressionInterpreter: $1 };")
    .replace(/^\/\/# sourceMappingURL=.*$/m, "");
  check(
    !/^(import|export)\b/m.test(script) && script.includes("return { expressionInterpreter"),
    "vega-interpreter has changed its shape",
  );
  return `var vegaInterpreter = (() => {\n${script}\n})();`;
}

function forScript(source: string): string {
  return source
    .replace(/^\/\/# sourceMappingURL=.*$/gm, "")
    .replace(/\r\n?/g, "\n")
    .replace(/<\/(script)/gi, "<\\/$1")
    .replaceAll("<!--", "<\\!--");
}

function body(report: Report): string {
  const warnings = report.warnings.map((warning) => `<p>${escape(warning)}</p>`).join("");
  const notes = report.notes.map((note) => `<li>${escape(note)}</li>`).join("");
  const lead = report.lead ?? 0;
  const links = report.charts.map(({ name, title }) => `<a href="#${escape(name)}">${escape(title)}</a>`);
  links.splice(lead, 0, '<a href="#figures">Figures</a>');
  const numbers = report.tables.filter((each) => !isSettings(each));
  const settings = report.tables.filter(isSettings);
  const origin = settings.length > 0;
  return `<header>
<h1>${escape(report.title)}</h1>
<p class="subtitle">${escape(report.subtitle)}</p>
${warnings === "" ? "" : `<div class="warnings" role="alert">${warnings}</div>`}
<nav>${links.join(" ")} ${notes === "" ? "" : '<a href="#notes">Notes</a> '}${origin ? '<a href="#origin">Where the numbers come from</a> ' : ""}<a class="download" id="download" download="report-data.json" hidden>Download all data (JSON)</a></nav>
</header>
<main>
${report.charts.slice(0, lead).map(chartSection).join("\n")}
<h2 id="figures">Figures</h2>
<div class="tables">${numbers.map((each) => tableSection(each, "numbers")).join("\n")}</div>
${report.charts.slice(lead).map(chartSection).join("\n")}
${notes === "" ? "" : `<h2 id="notes">Notes</h2>\n<ul>${notes}</ul>`}
${origin ? '<h2 id="origin">Where the numbers come from</h2>' : ""}
${settings.map((each) => tableSection(each, "settings")).join("\n")}
</main>`;
}

function isSettings({ columns }: ReportTable): boolean {
  return columns[0] === "Setting";
}

function tableSection({ title, columns, rows }: ReportTable, kind: string): string {
  const heading = columns[0] === title ? "" : `<h3>${escape(title)}</h3>`;
  return `<section>${heading}${table(columns, rows, kind)}</section>`;
}

function table(columns: readonly string[], rows: readonly (readonly string[])[], kind: string): string {
  const head = columns.map((column) => `<th scope="col">${escape(column)}</th>`).join("");
  const lines = rows.map((row) => `<tr>${row.map((cell) => `<td>${escape(cell)}</td>`).join("")}</tr>`).join("\n");
  return `<table class="${kind}"><thead><tr>${head}</tr></thead><tbody>${lines}</tbody></table>`;
}

function chartSection({ name, title, caption, rows }: Chart): string {
  const columns = [...new Set(rows.flatMap((row) => Object.keys(row)))];
  const shown = rows.slice(0, SHOWN_ROWS) as readonly Readonly<Record<string, unknown>>[];
  const rest = rows.length > shown.length ? `, the first ${shown.length} of them here, all in the download` : "";
  return `<section class="chart" id="${escape(name)}">
<h2>${escape(title)}</h2>
<p class="caption">${escape(caption)}</p>
<figure id="chart-${escape(name)}"></figure>
<details><summary>Data: ${rows.length} rows${rest}</summary><div>${table(
    columns,
    shown.map((row) => columns.map((column) => cell(row[column]))),
    "settings",
  )}</div></details>
</section>`;
}

function cell(value: unknown): string {
  if (value === null || value === undefined) return "-";
  if (typeof value === "number") return String(Number(value.toPrecision(6)));
  return typeof value === "string" ? value : JSON.stringify(value);
}

function escape(text: string): string {
  return text
    .replaceAll("&", "&amp;")
    .replaceAll("<", "&lt;")
    .replaceAll(">", "&gt;")
    .replaceAll('"', "&quot;")
    .replaceAll("'", "&#39;");
}
