import { textTable } from "../report/text-table.js";
import { benchRows, type BenchRow } from "./cases.js";
import { FULL, replayRows } from "./replay-cases.js";

/** npm run bench [-- serve|replay [REQUESTS RUNS]]: CPU and memory of whole processes, median of the runs. */
const [what = "all", requests = "10000", runs = "5"] = process.argv.slice(2);

function print(title: string, rows: readonly BenchRow[]): void {
  const columns = [title, "ours", "target", "met", "peer"].map((column) => ({ title: column }));
  const cells = rows.map((row) => [row.name, row.ours, row.target, row.met ? "yes" : "NO", row.peer]);
  process.stdout.write(`${textTable(columns, cells)}\n\n`);
}

if (what !== "replay") print("serving", benchRows(Number(requests), Number(runs)));
if (what !== "serve") print("replay", await replayRows(FULL));
process.stdout.write(
  `Node ${process.version}, ${process.platform} ${process.arch}; serving: median of ${runs} runs, start of the process included; replay: CPU time, least of ${FULL.rounds} rounds.\n`,
);
