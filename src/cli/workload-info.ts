import { InputError } from "../core/check.js";
import type { Report, ReportTable } from "../report/report.js";
import { dayCurve, logReport, logTables, mixReport, mixTables } from "../report/workload-report.js";
import { textTable } from "../report/text-table.js";
import { logCurves } from "../workload/log-curves.js";
import type { RequestLog } from "../workload/log-rows.js";
import { logStatistics } from "../workload/log-statistics.js";
import { mixInfo } from "../workload/mix-statistics.js";
import { withPromptBlocks } from "../workload/prompt-blocks.js";
import type { ServegenClient } from "../workload/servegen.js";
import { writeReport, type OutputFlags } from "./output.js";
import { version } from "./version.js";

const BAR = 40; // characters of the busiest hour

/** Prints what a log is and looks like: tables, or one JSON object; writes its report if a folder is given. */
export async function printLogInfo(
  given: RequestLog,
  file: string,
  cacheBlocks: readonly number[],
  output: OutputFlags,
): Promise<void> {
  const log = withPromptBlocks(given);
  if (cacheBlocks.length > 0 && log.blocks === null) {
    const problem =
      log.promptId === null
        ? "needs a log that knows what prompts have in common: block ids, or a column prompt_id"
        : "this log has too many prompts to cut them into blocks; take a part of it";
    throw new InputError("--cache-blocks", problem);
  }
  const statistics = logStatistics(log, cacheBlocks);
  const day = dayCurve(statistics);
  const hours = day === undefined ? undefined : hourTable(day.requestsByHour, day.hoursAre);
  await print(statistics, logTables(statistics, file), hours, file, output, (origin) =>
    logReport(statistics, logCurves(log), origin),
  );
}

/** The same of client models. */
export async function printMixInfo(
  clients: readonly ServegenClient[],
  file: string,
  output: OutputFlags,
): Promise<void> {
  const info = mixInfo(clients);
  const { statistics } = info;
  const hours = hourTable(statistics.requestsByHour, "from the start");
  await print(statistics, mixTables(statistics, file), hours, file, output, (origin) => mixReport(info, origin));
}

async function print(
  statistics: { readonly notes: readonly string[] },
  tables: readonly ReportTable[],
  hours: string | undefined,
  file: string,
  output: OutputFlags,
  report: (origin: { version: string; file: string }) => Report,
): Promise<void> {
  const origin = { version: version(), file };
  const data = { ...origin, ...statistics };
  const notes =
    statistics.notes.length === 0 ? [] : [["Notes", ...statistics.notes.map((note) => `- ${note}`)].join("\n")];
  const text = output.json
    ? JSON.stringify(data, null, 2)
    : [...tables.map(asText), ...(hours === undefined ? [] : [hours]), ...notes].join("\n\n");
  process.stdout.write(`${text}\n`);
  if (output.out !== undefined) await writeReport(output.out, new Map(), data, report(origin), output);
}

function asText({ columns, rows }: ReportTable): string {
  const numbers = columns.length > 2;
  return textTable(
    columns.map((title, i) => ({ title, align: numbers && i > 0 ? "right" : "left" })),
    rows,
  );
}

function hourTable(hours: readonly number[], hoursAre: string): string {
  const most = Math.max(...hours);
  return textTable(
    [{ title: `Hour ${hoursAre}`, align: "right" }, { title: "Requests", align: "right" }, { title: "" }],
    hours.map((requests, hour) => [
      String(hour),
      Math.round(requests).toLocaleString("en-US"),
      "█".repeat(Math.round((BAR * requests) / most)),
    ]),
  );
}
